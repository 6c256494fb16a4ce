import NIOCore
import Reflector
import TestSupport
import Testing

@testable import Egress

/// Viewers that go with the others, fall out, and come back.
@Suite struct SharedDeliveryTests {
    /// A viewer of the video that plays.
    private static func player(
        _ relay: LoopbackRelay, of stream: String = "gate", receiveBuffer: Int? = nil
    ) async throws -> (viewer: FakeViewer, session: String) {
        let viewer = try await FakeViewer.connect(port: relay.port, receiveBuffer: receiveBuffer)
        let session = try await viewer.setUp(relay.url(stream), track: 0).session ?? ""
        #expect(try await viewer.play(relay.url(stream), session).status == 200)
        return (viewer, session)
    }

    /// A camera whose large pictures go out in one packet each: much to send and little to do.
    private static func wideCamera(_ relay: LoopbackRelay) async throws -> SyntheticCamera {
        let stream = try relay.addStream("wide", policy: StreamPolicy(packetSize: 65_000))
        return try await SyntheticCamera(stream: stream, tracks: [SyntheticCamera.video])
    }

    @Test("A viewer that stalls loses whole groups and comes back, and those who keep up lose nothing")
    func stall() async throws {
        try await LoopbackRelay.run { relay, _ in
            let camera = try await Self.wideCamera(relay)
            let edge = try await LiveEdge(of: camera.stream)
            try await camera.sendGroup()
            // The connections go round the loops: on a machine of few, some share one with the viewer that stalls.
            let stalling = try await Self.player(relay, of: "wide", receiveBuffer: 4096).viewer
            var steady: [FakeViewer] = []
            for _ in 0..<3 { steady.append(try await Self.player(relay, of: "wide").viewer) }
            try await camera.sendGroup()
            try await edge.reached(by: [stalling] + steady)
            try await stalling.reads(false)
            // More than its socket takes and what is held for it.
            for _ in 0..<40 {
                try await camera.sendGroup(bytes: 60_000)
                try await edge.reached(by: steady)
            }
            try await camera.sendPictures(1)
            try await stalling.reads(true)
            // It has taken what was held amid a group, and the next one is to be where it goes on.
            var nudges = 0
            try await edge.reached(by: [stalling] + steady) {
                nudges += 1
                if nudges.isMultiple(of: 4) { try await camera.sendGroup() } else { try await camera.sendPictures(1) }
            }
            let gaps = WatchedVideo(stalling).gaps
            for _ in 0..<3 { try await camera.sendGroup() }
            try await edge.reached(by: [stalling] + steady)

            for viewer in steady { #expect(WatchedVideo(viewer).gaps.isEmpty) }
            #expect(!gaps.isEmpty)
            #expect(gaps.allSatisfy { $0.isForward && $0.beginsBehindPicture && $0.endsAtKeyPicture })
            #expect(WatchedVideo(stalling).gaps.count == gaps.count)
        }
    }

    @Test("A viewer that stalls for a moment loses nothing")
    func shortStall() async throws {
        try await LoopbackRelay.run { relay, _ in
            let camera = try await Self.wideCamera(relay)
            let edge = try await LiveEdge(of: camera.stream)
            try await camera.sendGroup()
            let viewers = [
                try await Self.player(relay, of: "wide", receiveBuffer: 4096).viewer,
                try await Self.player(relay, of: "wide").viewer,
            ]
            try await viewers[0].reads(false)
            // More than its socket takes, and less than what is held for it beside.
            for _ in 0..<14 { try await camera.sendGroup(bytes: 60_000) }
            try await viewers[0].reads(true)
            try await edge.reached(by: viewers)
            for _ in 0..<3 { try await camera.sendGroup() }
            try await edge.reached(by: viewers)
            for viewer in viewers { #expect(WatchedVideo(viewer).gaps.isEmpty) }
        }
    }

    @Test("Keep-alives of viewers that go with the others are answered between the frames, and none is lost")
    func keepAlives() async throws {
        try await LoopbackRelay.run { relay, camera in
            let edge = try await LiveEdge(of: camera.stream)
            try await camera.sendGroup()
            let viewers = [try await Self.player(relay).viewer, try await Self.player(relay).viewer]
            for _ in 0..<20 {
                async let sent: Void = camera.sendGroup(bytes: 3000)
                for viewer in viewers { #expect(try await viewer.request("OPTIONS", "*").status == 200) }
                try await sent
            }
            try await edge.reached(by: viewers)
            for viewer in viewers {
                let video = WatchedVideo(viewer)
                #expect(video.gaps.isEmpty)
                #expect(video.packets.count { $0.endsPicture } == 5 + 20 * 5)
            }
        }
    }

    @Test("PAUSE and PLAY again and again amid groups: numbers never step back, and each gap ends at a group")
    func pauses() async throws {
        try await LoopbackRelay.run { relay, camera in
            let edge = try await LiveEdge(of: camera.stream)
            try await camera.sendGroup()
            let (viewer, session) = try await Self.player(relay)
            let other = try await Self.player(relay).viewer
            for round in 0..<8 {
                try await camera.sendPictures(2)
                try await camera.sendAudio()
                try await edge.reached(by: [viewer, other])
                let pause = try await viewer.request("PAUSE", relay.url("gate"), [("Session", session)])
                #expect(pause.status == 200)
                try await camera.sendPictures(2)
                if round.isMultiple(of: 2) { try await camera.sendGroup() }
                async let answer = viewer.play(relay.url("gate"), session)
                try await camera.sendPictures(1)
                try await camera.sendGroup()
                #expect(try await answer.status == 200)
                try await edge.reached(by: [viewer, other]) { try await camera.sendGroup() }
            }
            #expect(WatchedVideo(other).gaps.isEmpty)
            let gaps = WatchedVideo(viewer).gaps
            #expect(gaps.count == 8)
            #expect(gaps.allSatisfy { $0.isForward && $0.endsAtKeyPicture })
        }
    }

    @Test("The same stream twice on one connection: both have all of it, and one goes on without the other")
    func twiceOnOneConnection() async throws {
        try await LoopbackRelay.run { relay, camera in
            let edge = try await LiveEdge(of: camera.stream)
            try await camera.sendGroup()
            let (url, viewer) = (relay.url("gate"), try await relay.viewer())
            var sessions: [String] = []
            for channels in ["0-1", "6-7"] {
                let transport = "RTP/AVP/TCP;unicast;interleaved=\(channels)"
                sessions.append(try await viewer.setUp(url, track: 0, transport: transport).session ?? "")
                #expect(try await viewer.play(url, sessions.last ?? "").status == 200)
            }
            for _ in 0..<5 {
                try await camera.sendGroup(bytes: 60_000)
                for channel: UInt8 in [0, 6] { try await edge.reached(by: [viewer], channel: channel) }
            }
            #expect(try await viewer.request("TEARDOWN", url, [("Session", sessions[0])]).status == 200)
            let seen = WatchedVideo(viewer).packets.count
            for _ in 0..<5 { try await camera.sendGroup() }
            try await edge.reached(by: [viewer], channel: 6)
            #expect(WatchedVideo(viewer).packets.count == seen)
            for channel: UInt8 in [0, 6] { #expect(WatchedVideo(viewer, channel: channel).gaps.isEmpty) }
        }
    }

    @Test("Of two groups that viewers begin with, the later counts")
    func groupStarts() {
        let groups = (0..<3).map { second in
            Burst(
                bytes: ByteBuffer(), entries: [], arrival: .uptimeNanoseconds(1 + second * 1_000_000_000),
                startsGroup: true)
        }
        let delivery = SharedDelivery(lastBurst: groups[0], lastGroupStart: nil)
        delivery.learn(groupStart: groups[1])
        #expect(delivery.lastGroupStart === groups[1])
        delivery.learn(groupStart: groups[0])
        delivery.learn(groupStart: nil)
        #expect(delivery.lastGroupStart === groups[1])
        delivery.carry(groups[2], variants: BurstVariants())
        #expect(delivery.lastGroupStart === groups[2])
        #expect(delivery.lastBurst === groups[2])
    }
}
