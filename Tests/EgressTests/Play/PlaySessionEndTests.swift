import NIOCore
import Reflector
import TestSupport
import Testing

@testable import Egress

/// Sessions over the RTSP connection.
@Suite struct PlaySessionEndTests {
    @Test("S13 S19 after TEARDOWN nothing flows and the session is unknown")
    func teardown() async throws {
        try await LoopbackRelay.run { relay, camera in
            let viewer = try await relay.viewer()
            let url = relay.url("gate")
            let session = try await viewer.setUpBoth(url)
            try await camera.sendGroup()
            _ = try await viewer.play(url, session)
            let end = try await viewer.request("TEARDOWN", url, [("Session", session)])
            #expect(end.status == 200)
            try await camera.sendGroup()
            for method in ["PLAY", "PAUSE", "TEARDOWN"] {
                let answer = try await viewer.request(method, url, [("Session", session)])
                #expect(answer.status == 454)
                #expect(answer.framesBefore == end.framesBefore)
            }
            let again = try await viewer.setUp(url, track: 0, session: session)
            #expect(again.status == 454)
            #expect(try await camera.stream.viewerCount().get() == 0)
        }
    }

    @Test("S13 a session belongs to the connection that made it")
    func foreignSession() async throws {
        try await LoopbackRelay.run { relay, _ in
            let session = try await relay.viewer().setUp(relay.url("gate"), track: 0).session ?? ""
            let other = try await relay.viewer()
            #expect(try await other.play(relay.url("gate"), session).status == 454)
            #expect(try await other.setUp(relay.url("gate"), track: 1, session: session).status == 454)
            _ = try await other.setUp(relay.url("gate"), track: 0)
            #expect(try await other.request("TEARDOWN", relay.url("gate"), [("Session", session)]).status == 454)
        }
    }

    @Test("a closed connection takes its sessions along")
    func connectionCloses() async throws {
        try await LoopbackRelay.run { relay, camera in
            let viewer = try await relay.viewer()
            let session = try await viewer.setUpBoth(relay.url("gate"))
            try await camera.sendGroup()
            _ = try await viewer.play(relay.url("gate"), session)
            #expect(try await camera.stream.viewerCount().get() == 1)
            await viewer.close()
            try await camera.viewersLeft()
        }
    }

    @Test("S25 a stream that ends says goodbye on each track and closes the connection")
    func streamEnds() async throws {
        try await LoopbackRelay.run { relay, camera in
            let viewer = try await relay.viewer()
            let session = try await viewer.setUpBoth(relay.url("gate"))
            try await camera.sendGroup()
            _ = try await viewer.play(relay.url("gate"), session)
            _ = try await viewer.frames.next { $0.channel == 0 }
            try await camera.stream.close().get()
            for channel: UInt8 in [1, 3] {
                _ = try await viewer.frames.next { $0.channel == channel && holds(RTCPType.goodbye, $0.payload) }
            }
            try await viewer.closed()
        }
    }

    @Test("a source that comes back finds its viewers waiting")
    func sourceReturns() async throws {
        try await LoopbackRelay.run { relay, camera in
            let viewer = try await relay.viewer()
            let session = try await viewer.setUpBoth(relay.url("gate"))
            try await camera.sendGroup()
            _ = try await viewer.play(relay.url("gate"), session)
            let first = try #require(SeenPacket(try await viewer.frames.next { $0.channel == 0 }.payload))
            try await camera.leave()
            #expect(try await viewer.request("GET_PARAMETER", "*", [("Session", session)]).status == 200)
            let again = try await SyntheticCamera(
                stream: camera.stream, tracks: [SyntheticCamera.video, SyntheticCamera.audio])
            try await again.sendGroup()
            let later = try await viewer.video(from: first.sequenceNumber &+ 5)
            #expect(later.ssrc == first.ssrc)
        }
    }

    @Test("S25 a viewer that takes leave of both tracks by RTCP is gone")
    func viewerSaysGoodbye() async throws {
        try await LoopbackRelay.run { relay, camera in
            let viewer = try await relay.viewer()
            let session = try await viewer.setUpBoth(relay.url("gate"))
            try await camera.sendGroup()
            _ = try await viewer.play(relay.url("gate"), session)
            try await viewer.send(frame: ReportBytes.alive, channel: 1)
            try await viewer.send(frame: ReportBytes.goodbye, channel: 1)
            #expect(try await viewer.request("PLAY", relay.url("gate"), [("Session", session)]).status == 200)
            try await viewer.send(frame: ReportBytes.goodbye, channel: 3)
            #expect(try await viewer.request("PLAY", relay.url("gate"), [("Session", session)]).status == 454)
        }
    }
}
