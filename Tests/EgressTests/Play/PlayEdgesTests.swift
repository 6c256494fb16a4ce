import NIOCore
import Reflector
import TestSupport
import Testing

@testable import Egress

/// Viewers at the edges of a stream's life, and of its groups.
@Suite struct PlayEdgesTests {
    @Test("PLAY of a session whose stream came back with fewer tracks ends that session, and nothing else")
    func streamChanged() async throws {
        try await LoopbackRelay.run { relay, camera in
            let url = relay.url("gate")
            let early = try await relay.viewer()
            let session = try await early.setUpBoth(url)
            let paused = try await relay.viewer()
            let pausedSession = try await paused.setUpBoth(url)
            try await camera.sendGroup()
            #expect(try await paused.play(url, pausedSession).status == 200)
            _ = try await paused.frames.next { $0.channel == 0 }
            #expect(try await paused.request("PAUSE", url, [("Session", pausedSession)]).status == 200)

            try await camera.leave()
            let other = try await SyntheticCamera(stream: camera.stream, tracks: [SyntheticCamera.video])
            try await other.sendGroup()
            // On the stream's own loop the session is gone before the answer is made.
            #expect([454, 503].contains(try await early.play(url, session).status))
            #expect([454, 503].contains(try await paused.play(url, pausedSession).status))
            try await early.closed()
            try await paused.closed()
            let late = try await relay.viewer()
            let fresh = try await late.setUp(url, track: 0).session ?? ""
            #expect(try await late.play(url, fresh).status == 200)
            _ = try await late.frames.next { $0.channel == 0 }
        }
    }

    @Test("A viewer of the audio alone does not wait for the video's next group")
    func audioAlone() async throws {
        try await LoopbackRelay.run { relay, camera in
            // A group longer than the ring keeps: a new viewer has nothing to start with.
            let stream = try relay.addStream("long", policy: StreamPolicy(ringBytes: 1000))
            let long = try await SyntheticCamera(
                stream: stream, tracks: [SyntheticCamera.video, SyntheticCamera.audio])
            try await long.sendGroup()
            let viewer = try await relay.viewer()
            let session = try await viewer.setUp(relay.url("long"), track: 1).session ?? ""
            let play = try await viewer.play(relay.url("long"), session)
            #expect(play.status == 200)
            try await long.sendPictures(3)
            _ = try await viewer.frames.next { $0.channel == 0 && SeenPacket($0.payload)?.payloadType == 0 }
        }
    }
}
