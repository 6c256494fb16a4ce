import ISOMedia
import Media
import NIOCore
import NIOPosix
import RTSP
import RTSPTransport
import Reflector
import TestSupport
import Testing

@testable import Egress

@Suite("Movies sent to addresses")
struct MovieBroadcastTests {
    private static func broadcaster(
        _ program: MovieProgram, isLooping: Bool = false, now: @escaping @Sendable () -> NIODeadline = { .now() }
    ) -> MovieBroadcaster {
        MovieBroadcaster(
            program, title: "lecture", isLooping: isLooping, eventLoop: FakeViewer.group.next(),
            threads: BlockingThreads { work in NIOThreadPool.singleton.submit { work($0 == .active) } },
            clock: StreamClock(
                now: now, wallClock: { 1_700_000_000_000_000_000 }, random: { .random(in: .min ... .max) }),
            watch: { _ in })
    }

    /// Two packets a picture, 25 pictures a second.
    private static func pictures(_ count: Int) throws -> MovieProgram {
        try .fake(
            video: FakePackets(samples: count, interval: 40_000, packetsPerSample: 2), duration: Int64(count) * 40_000)
    }

    /// Numbers go up one by one, and times by a picture for every second packet.
    private static func expectOneStream(_ packets: [SeenPacket], _ count: Int) {
        #expect(packets.count == count)
        guard let first = packets.first else { return }
        for (place, packet) in packets.enumerated() {
            let time = UInt32(place / 2) * 3600
            #expect(packet.sequenceNumber == first.sequenceNumber &+ UInt16(place))
            #expect(packet.timestamp == first.timestamp &+ time)
        }
    }

    @Test("A movie comes whole and in order, a sender report before it and BYE behind it")
    func once() async throws {
        let ports = try await FakeViewerPorts.open()
        let target = DatagramPushTarget(host: "127.0.0.1", port: UInt16(ports.port))
        try await Self.broadcaster(try Self.pictures(8)).send(to: target) { _ in }
        _ = try await ports.control.next { holds(RTCPType.goodbye, $0.bytes) }
        let control = ports.control.elements.map(\.bytes)
        #expect(control.count == 1 && control.first.map { holds(RTCPType.senderReport, $0) } == true)
        // BYE came to another socket.
        try await eventually("all have been read") { ports.media.elements.count >= 16 }
        let packets = ports.media.elements.compactMap { SeenPacket($0.bytes) }
        Self.expectOneStream(packets, 16)
        await ports.close()
    }

    @Test("Over and over it is one stream: numbers and times run on; who cancels it is followed by BYE")
    func looping() async throws {
        let ports = try await FakeViewerPorts.open()
        let target = DatagramPushTarget(host: "127.0.0.1", port: UInt16(ports.port))
        let broadcaster = Self.broadcaster(try Self.pictures(5), isLooping: true)
        let running = Task { try await broadcaster.send(to: target) { _ in } }
        try await eventually("three rounds") { ports.media.elements.count >= 32 }
        running.cancel()
        try await running.value
        _ = try await ports.control.next { holds(RTCPType.goodbye, $0.bytes) }
        let packets = ports.media.elements.prefix(32).compactMap { SeenPacket($0.bytes) }
        #expect(Set(packets.map(\.ssrc)).count == 1)
        Self.expectOneStream(packets, 32)
        await ports.close()
    }

    @Test(
        "The next round begins on the clock when it does in RTP time, also where pictures are decoded before they are shown"
    )
    func rounds() throws {
        let video = FakePackets(samples: 6, interval: 40_000, reordering: [80_000, 120_000, 40_000])
        let program = try MovieProgram.fake(video: video, duration: 320_000)
        var playout = MoviePlayout(program) { 0xFFFF_FFF0 }
        var timeline = BroadcastTimeline(clockRates: [90_000])
        let begin = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
        var expected = begin
        var last: Int64 = 0
        for _ in 0..<3 {
            let start = playout.start(PlayoutCue(position: 0, channels: [0: 0]))
            let pace = timeline.began(start, after: last, at: begin)
            let first = pace.deadline(of: start.firstDue)
            #expect(abs((first - expected).nanoseconds) < 50_000)
            var batch = PacketBatch(heading: PacketHeading(channel: 0, ssrc: 0, sequenceNumber: 0, timestampOrigin: 0))
            try playout.fill(&batch, until: .max, bytes: .max)
            last = try #require(batch.entries.last?.due)
            // The last picture is shown at 280 ms, and one picture later the movie is at 0 again.
            expected = expected + .milliseconds(320)
        }
    }

    @Test("A process that was stopped goes on where it was: what is late does not come in one rush")
    func late() async throws {
        let ports = try await FakeViewerPorts.open()
        let target = DatagramPushTarget(host: "127.0.0.1", port: UInt16(ports.port))
        let begin = NIODeadline.now()
        let broadcaster = Self.broadcaster(
            try Self.pictures(25),
            now: {
                let now = NIODeadline.now()
                return now - begin > .milliseconds(200) ? now + .seconds(60) : now
            })
        try await broadcaster.send(to: target) { _ in }
        #expect(NIODeadline.now() - begin > .milliseconds(900))
        try await eventually("all of it") { ports.media.elements.count == 50 }
        await ports.close()
    }

    @Test(
        "A movie that breaks off ends with what there was and says so; one without packets does not go round for ever")
    func broken() async throws {
        let ports = try await FakeViewerPorts.open()
        let target = DatagramPushTarget(host: "127.0.0.1", port: UInt16(ports.port))
        var video = FakePackets(samples: 10, interval: 40_000)
        video.brokenFrom = 3
        let broken = Self.broadcaster(try .fake(video: video, duration: 400_000), isLooping: true)
        let error = await #expect(throws: BroadcastError.self) { try await broken.send(to: target) { _ in } }
        #expect(error?.description.hasPrefix("the movie cannot be read any further") == true)
        try await eventually("what there was") { ports.media.elements.count == 3 }
        video = FakePackets(samples: 10, interval: 40_000, packetsPerSample: 0)
        let empty = Self.broadcaster(try .fake(video: video, duration: 400_000), isLooping: true)
        await #expect(throws: BroadcastError.self) { try await empty.send(to: target) { _ in } }
        await ports.close()
    }

    @Test("The description has the ports and the group of what is sent, and nothing that could be asked for")
    func description() throws {
        let program = try MovieProgram.fake(
            video: .video(seconds: 1), audio: .audio(seconds: 1), duration: 1_000_000)
        var target = DatagramPushTarget(host: "239.1.1.1", port: 5004)
        target.sending.ttl = 8
        let group = try SocketAddress(ipAddress: "239.1.1.1", port: 5004)
        #expect(
            program.description(title: "lecture", identifier: 7, sentTo: target, at: group)
                == "v=0\r\no=- 7 1 IN IP4 0.0.0.0\r\ns=lecture\r\nc=IN IP4 239.1.1.1/8\r\nt=0 0\r\n"
                + "m=video 5004 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\nm=audio 5006 RTP/AVP 0\r\n")
    }

    @Test("Where there are no ports for all tracks, or no such interface, nothing is sent and the reason is told")
    func refused() async throws {
        let program = try MovieProgram.fake(
            video: .video(seconds: 1), audio: .audio(seconds: 1), duration: 1_000_000)
        let high = DatagramPushTarget(host: "127.0.0.1", port: 65_534)
        await #expect(throws: BroadcastError.self) { try await Self.broadcaster(program).send(to: high) { _ in } }
        var nowhere = DatagramPushTarget(host: "239.1.1.1", port: 5004)
        nowhere.sending.interface = "nope"
        let error = await #expect(throws: BroadcastError.self) {
            try await Self.broadcaster(program).send(to: nowhere) { _ in }
        }
        #expect(error?.description.contains("nope") == true)
        var one = DatagramPushTarget(host: "localhost", port: 5004)
        one.sending.ttl = 8
        let unused = await #expect(throws: BroadcastError.self) {
            try await Self.broadcaster(program).send(to: one) { _ in }
        }
        #expect(unused?.description.contains("no group") == true)
    }

    @Test("A server that says where else it is taken is followed, and one that leads round and round is given up")
    func redirected() async throws {
        try await RecordingServer.run { server in
            let url = server.url
            let answer: RecordingServer.Answer = { _ in
                RTSPResponse(.movedTemporarily, headers: ["Location": url])
            }
            try await RecordingServer.run(answer: answer) { first in
                let target = try #require(RTSPURL(first.url))
                try await Self.broadcaster(try Self.pictures(8)).announce(to: target, over: .tcp)
                #expect(first.value.requests.count == 1)
            }
            try await eventually("all of it") { server.value.count(.teardown) == 1 }
            #expect(server.value.announcements.map(\.uri) == [url] && server.value.count(.record) == 1)
            #expect(server.value.frames.count { $0.channel == 0 } == 16)
        }
        let round: RecordingServer.Answer = { RTSPResponse(.movedPermanently, headers: ["Location": $0.uri]) }
        try await RecordingServer.run(answer: round) { server in
            let target = try #require(RTSPURL(server.url))
            let error = await #expect(throws: BroadcastError.self) {
                try await Self.broadcaster(try Self.pictures(8)).announce(to: target, over: .tcp)
            }
            #expect(error?.description.contains("redirected again and again") == true)
            #expect(server.value.connections == 4)
        }
    }

    @Test("A password that is not taken ends it at once: it is tried once, and not shown")
    func wrongPassword() async throws {
        let answer: RecordingServer.Answer = { _ in
            RTSPResponse(.unauthorized, headers: ["WWW-Authenticate": "Digest realm=\"studio\", nonce=\"1\""])
        }
        try await RecordingServer.run(answer: answer) { server in
            let text = server.url.replacing("rtsp://", with: "rtsp://camera:hunter2@")
            let target = try #require(RTSPURL(text))
            let error = await #expect(throws: BroadcastError.self) {
                try await Self.broadcaster(try Self.pictures(8)).announce(to: target, over: .tcp)
            }
            #expect(error?.description.contains("user") == true && error?.description.contains("hunter2") == false)
            let requests = server.value.requests
            #expect(requests.count { $0.headers["Authorization"] != nil } == 1)
            #expect(requests.count == 2 && server.value.connections == 1)
        }
    }
}
