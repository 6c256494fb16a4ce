import Media
import NIOCore
import RTP
import TestSupport
import Testing

@Suite struct RecordingTests {
    private static let twoTracks = AnnounceBench.sdp + "m=audio 0 RTP/AVP 0\r\na=control:streamid=1\r\n"

    @Test("what a publisher sends over TCP reaches a viewer that was there before, each track as itself")
    func interleaved() async throws {
        try await AnnounceBench.run { bench in
            let publisher = try await bench.publisher()
            #expect(try await bench.record(publisher, sdp: Self.twoTracks).status == 200)
            let viewer = try await PullBench.watch(bench.stream)
            try await publisher.sendPictures(1...20)
            let sound = FakeCameraPacket.rtp(payloadType: 0, sequenceNumber: 1, timestamp: 160, payload: [7, 7])
            try await publisher.send(frame: sound, channel: 2)
            try await eventually("all") { viewer.value.packets.count == 21 }
            #expect(viewer.value.packets.filter { $0.track == 1 }.map(\.payload) == [[7, 7]])
            #expect(bench.log.contains("info publisher joined"))
        }
    }

    @Test("H15 header extensions of a publisher end here")
    func extensions() async throws {
        try await AnnounceBench.run { bench in
            let publisher = try await bench.publisher()
            #expect(try await bench.record(publisher).status == 200)
            let viewer = try await PullBench.watch(bench.stream)
            var packet = AnnounceBench.packet(5)
            packet[0] |= 0x10
            packet.insert(contentsOf: [0xBE, 0xDE, 0, 1, 0x10, 0xFF, 0, 0], at: 12)
            try await publisher.send(frame: packet, channel: 0)
            try await eventually("it") { viewer.value.packets.map(\.payload) == [[0x65, 0, 5]] }
        }
    }

    @Test("M7 a publisher over UDP that asks nothing any more lives by its packets, and is sent receiver reports")
    func datagrams() async throws {
        try await AnnounceBench.run(idle: .seconds(6)) { bench in
            let publisher = try await bench.publisher()
            let ports = try await FakeViewerPorts.open()
            #expect(try await publisher.announce(bench.url(), AnnounceBench.sdp).status == 200)
            let setup = try await publisher.request(
                "SETUP", bench.url() + "/streamid=0",
                [("Transport", "RTP/AVP/UDP;unicast;client_port=\(ports.clientPort);mode=\"receive\"")])
            let server = try #require(setup["Transport"]?.serverPort)
            #expect(setup["Transport"]?.contains("client_port=\(ports.clientPort)") == true)
            #expect(try await publisher.request("RECORD", bench.url()).status == 200)
            let viewer = try await PullBench.watch(bench.stream)
            // Longer than a connection without a session, or a session without a request, may be silent.
            var sent: UInt16 = 0
            let longEnough = NIODeadline.now() + .milliseconds(6500)
            try await eventually("a receiver report, and the connection stands") {
                sent += 1
                try await ports.sendMedia(AnnounceBench.packet(sent), to: .init(ipAddress: "127.0.0.1", port: server))
                return !ports.control.elements.isEmpty && NIODeadline.now() >= longEnough
            }
            #expect(ports.control.elements.first?.bytes[1] == 201)
            try await eventually("all") { viewer.value.packets.count == Int(sent) }
            #expect(try await publisher.request("TEARDOWN", bench.url()).status == 200)
            await ports.close()
        }
    }

    @Test("packets of a stranger are not taken for the publisher's")
    func stranger() async throws {
        try await AnnounceBench.run { bench in
            let publisher = try await bench.publisher()
            let (ports, other) = (try await FakeViewerPorts.open(), try await FakeViewerPorts.open())
            #expect(try await publisher.announce(bench.url(), AnnounceBench.sdp).status == 200)
            let setup = try await publisher.request(
                "SETUP", bench.url() + "/streamid=0",
                [("Transport", "RTP/AVP;unicast;client_port=\(ports.clientPort);mode=record")])
            let server = try SocketAddress(ipAddress: "127.0.0.1", port: try #require(setup["Transport"]?.serverPort))
            #expect(try await publisher.request("RECORD", bench.url()).status == 200)
            let viewer = try await PullBench.watch(bench.stream)
            try await ports.sendMedia(AnnounceBench.packet(1), to: server)
            try await eventually("the first") { viewer.value.packets.count == 1 }
            try await other.sendMedia(AnnounceBench.packet(2), to: server)
            try await ports.sendMedia(AnnounceBench.packet(2), to: server)
            try await ports.sendMedia(AnnounceBench.packet(3), to: server)
            try await eventually("the publisher's own") { viewer.value.packets.count == 3 }
            #expect(try await publisher.request("TEARDOWN", bench.url()).status == 200)
            try await eventually("it is counted") { bench.log.contains("unusable=1") }
            await ports.close()
            await other.close()
        }
    }

    @Test("a publisher that is gone and comes back goes on for the viewers where it stopped")
    func reconnect() async throws {
        try await AnnounceBench.run { bench in
            let first = try await bench.publisher()
            #expect(try await bench.record(first).status == 200)
            let viewer = try await PullBench.watch(bench.stream)
            try await first.sendPictures(100...104)
            try await eventually("the first five") { viewer.value.packets.count == 5 }
            await first.close()
            let second = try await bench.publisher()
            try await eventually("it is let in again") { try await bench.record(second).status == 200 }
            try await second.sendPictures(7...9)
            try await eventually("the next three") { viewer.value.packets.count == 8 }
            let packets = viewer.value.packets
            #expect(Set(packets.map(\.ssrc)).count == 1 && viewer.value.endings == 0)
            for (before, after) in zip(packets, packets.dropFirst()) {
                #expect(after.sequenceNumber == before.sequenceNumber &+ 1)
                #expect(after.timestamp &- before.timestamp < 90_000)
            }
        }
    }

    @Test("PAUSE gives the stream back and keeps the session; PLAY is as good as RECORD")
    func pause() async throws {
        try await AnnounceBench.run { bench in
            let publisher = try await bench.publisher()
            let recorded = try await bench.record(publisher)
            let session = try #require(recorded.session)
            #expect(try await publisher.request("PAUSE", bench.url(), [("Session", session)]).status == 200)
            let viewer = try await PullBench.watch(bench.stream)
            try await publisher.sendPictures(1...3)
            #expect(try await publisher.request("PLAY", bench.url(), [("Session", session)]).status == 200)
            try await publisher.sendPictures(4...5)
            try await eventually("what came behind PLAY") { viewer.value.packets.map(\.payload.last) == [4, 5] }
        }
    }

    @Test("a publisher that falls silent while its connection stands is given up, and its connection closed")
    func silence() async throws {
        try await AnnounceBench.run(silence: .seconds(2)) { bench in
            let publisher = try await bench.publisher()
            #expect(try await bench.record(publisher).status == 200)
            try await publisher.sendPictures(1...3)
            try await publisher.closed()
            #expect(bench.log.contains("reason=no video any more"))
        }
    }

    @Test("a publisher that never sends anything is given up too, also where silence would be no wonder")
    func nothing() async throws {
        try await AnnounceBench.run(silence: .seconds(1)) { bench in
            let publisher = try await bench.publisher()
            let sound = "v=0\r\nm=audio 0 RTP/AVP 0\r\na=control:streamid=0\r\n"
            #expect(try await bench.record(publisher, sdp: sound).status == 200)
            try await publisher.closed()
            #expect(bench.log.contains("reason=nothing arrives"))
        }
    }

    @Test("a publisher of events alone may be silent while it asks, and is given up when it does neither")
    func quiet() async throws {
        try await AnnounceBench.run(silence: .seconds(1), idle: .seconds(4)) { bench in
            let publisher = try await bench.publisher()
            let events =
                "v=0\r\nm=application 0 RTP/AVP 107\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\na=control:streamid=0\r\n"
            #expect(try await bench.record(publisher, sdp: events).status == 200)
            try await publisher.send(
                frame: FakeCameraPacket.rtp(payloadType: 107, sequenceNumber: 1, timestamp: 1, payload: [60]),
                channel: 0)
            let recorded = NIODeadline.now()
            try await eventually("longer than it may be silent") {
                let answer = try await publisher.request("GET_PARAMETER", bench.url())
                #expect(answer.status == 200)
                return NIODeadline.now() - recorded > .milliseconds(4500)
            }
            let other = try await bench.publisher()
            #expect(try await bench.record(other).status == 453)
            try await publisher.closed(within: .seconds(20))
            #expect(bench.log.contains("reason=no packet and no request any more"))
            // The one that was refused has been idle for as long.
            let next = try await bench.publisher()
            try await eventually("the path is free") { try await bench.record(next).status == 200 }
        }
    }

    @Test("a session that is set up and never records ends, and a connection that announces alone is as idle as any")
    func idle() async throws {
        try await AnnounceBench.run(idle: .seconds(3)) { bench in
            let announcing = try await bench.publisher()
            #expect(try await announcing.announce(bench.url(), AnnounceBench.sdp).status == 200)
            let setUp = try await bench.publisher()
            #expect(try await setUp.announce(bench.url(), AnnounceBench.sdp).status == 200)
            let transport = ("Transport", "RTP/AVP/TCP;unicast;interleaved=0-1;mode=record")
            #expect(try await setUp.request("SETUP", bench.url() + "/streamid=0", [transport]).status == 200)
            try await announcing.closed()
            try await setUp.closed()
        }
    }

    @Test("a publisher out of its mind harms nobody else: packets of every kind, and the next one publishes")
    func garbage() async throws {
        try await AnnounceBench.run { bench in
            let mad = try await bench.publisher()
            #expect(try await bench.record(mad).status == 200)
            var state: UInt64 = 4
            for _ in 0..<400 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                var packet = AnnounceBench.packet(UInt16(truncatingIfNeeded: state >> 40))
                for place in 0..<Int(state >> 60) where place < packet.count {
                    packet[Int(state >> (8 + UInt64(place))) & 0xFF % packet.count] ^= UInt8(
                        truncatingIfNeeded: state >> 20)
                }
                let length = Int(state >> 33) % (packet.count + 1)
                try await mad.send(
                    frame: Array(packet.prefix(length)), channel: UInt8(truncatingIfNeeded: state >> 50) & 3)
            }
            await mad.close()
            let sane = try await bench.publisher()
            try await eventually("the path is free") { try await bench.record(sane).status == 200 }
            let viewer = try await PullBench.watch(bench.stream)
            try await sane.sendPictures(1...3)
            try await eventually("sane pictures") { viewer.value.packets.count == 3 }
        }
    }
}

extension String {
    /// The first port of `server_port`.
    fileprivate var serverPort: Int? {
        split(separator: ";").first { $0.hasPrefix("server_port=") }
            .flatMap { $0.dropFirst(12).split(separator: "-").first }.flatMap { Int($0) }
    }
}
