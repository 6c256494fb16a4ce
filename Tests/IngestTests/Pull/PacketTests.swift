import Ingest
import Media
import NIOCore
import TestSupport
import Testing

/// RTP and RTCP as cameras send them, made by the test one by one.
@Suite(.serialized) struct PacketTests {
    private static let silent = FakeCameraBehaviour(tracks: [.video().silenced])

    private static func packet(_ number: UInt16, ssrc: UInt32 = 0x1234_5678, time: UInt32? = nil) -> [UInt8] {
        FakeCameraPacket.rtp(
            sequenceNumber: number,
            timestamp: time ?? UInt32(number) * 3_000,
            synchronizationSource: ssrc,
            payload: [0x41, UInt8(number >> 8), UInt8(number & 0xFF)]
        )
    }

    /// Numbers that stand in the payloads, in the order of arrival at the viewer.
    private static func numbers(_ bench: PullBench) -> [UInt16] {
        bench.payloads().map { UInt16($0[1]) << 8 | UInt16($0[2]) }
    }

    @Test("H1 a packet with padding that cannot be is dropped, the session goes on")
    func padding() async throws {
        try await PullBench.run(Self.silent) { bench in
            try await bench.untilPlaying()
            var zero = Self.packet(2) + [0]
            zero[0] |= 0x20
            var huge = Self.packet(3) + [250]
            huge[0] |= 0x20
            var good = Self.packet(4) + [0, 0, 3]
            good[0] |= 0x20
            for packet in [Self.packet(1), zero, huge, good, Array("$$".utf8)] {
                try await bench.camera.send(packet, track: 0)
            }
            try await eventually("the good ones") { Self.numbers(bench) == [1, 4] }
            #expect(bench.payloads().last?.count == 3, "without its padding")
            let malformed = try await bench.countersAtEnd().malformed
            #expect(malformed == 3)
        }
    }

    @Test(
        "H2 a new SSRC in mid-stream goes on at once, under the same SSRC at the viewer",
        arguments: [
            PullTransport.tcp, .udp,
        ])
    func newSource(transport: PullTransport) async throws {
        try await PullBench.run(Self.silent, configure: { $0.transport = transport }) { bench in
            try await bench.untilPlaying()
            try await bench.camera.send([Self.packet(100), Self.packet(101)], track: 0)
            try await bench.camera.send([Self.packet(7, ssrc: 5), Self.packet(8, ssrc: 5)], track: 0)
            try await eventually("all") { Self.numbers(bench) == [100, 101, 7, 8] }
            let packets = bench.packets
            #expect(Set(packets.map(\.ssrc)).count == 1)
            for (before, after) in zip(packets, packets.dropFirst()) {
                #expect(after.sequenceNumber == before.sequenceNumber &+ 1)
                #expect(after.timestamp &- before.timestamp < 90_000 * 2)
            }
        }
    }

    @Test(
        "H3 K12 an encoder that starts anew is followed, and the timeline at the viewer does not jump",
        arguments: [
            PullTransport.tcp, .udp,
        ])
    func encoderRestart(transport: PullTransport) async throws {
        try await PullBench.run(configure: { $0.transport = transport }) { bench in
            try await bench.moreVideo()
            try await bench.camera.restartEncoder(keepingSSRC: true)
            try await bench.moreVideo(40)
            let packets = bench.packets
            #expect(Set(packets.map(\.ssrc)).count == 1)
            for (before, after) in zip(packets, packets.dropFirst()) {
                let step = Int32(bitPattern: after.timestamp &- before.timestamp)
                #expect(step >= 0 && step < 180_000)
            }
        }
    }

    @Test("H4 behind a lost datagram the next ones wait a tenth of a second, not for 64 packets")
    func lostDatagram() async throws {
        try await PullBench.run(Self.silent, configure: { $0.transport = .udp }) { bench in
            try await bench.untilPlaying()
            try await bench.camera.send([Self.packet(1), Self.packet(2)], track: 0)
            try await eventually("two") { bench.packets.count == 2 }
            let begin = NIODeadline.now()
            try await bench.camera.send([Self.packet(4)], track: 0)
            try await eventually("the third") { Self.numbers(bench) == [1, 2, 4] }
            #expect(NIODeadline.now() - begin < .seconds(1))
            let lost = try await bench.countersAtEnd().lost
            #expect(lost == 1)
        }
    }

    @Test("H5 datagrams in disorder come in order, and each once")
    func disorder() async throws {
        try await PullBench.run(Self.silent, configure: { $0.transport = .udp }) { bench in
            try await bench.untilPlaying()
            try await bench.camera.send([1, 3, 2, 2, 6, 5, 4, 4, 7].map { Self.packet($0) }, track: 0)
            try await eventually("seven") { bench.packets.count >= 7 }
            #expect(Self.numbers(bench) == [1, 2, 3, 4, 5, 6, 7])
            let counters = try await bench.countersAtEnd()
            #expect(counters.duplicates + counters.late == 2)
        }
    }

    @Test("H6 a payload type that nobody announced is dropped and counted")
    func unknownPayloadType() async throws {
        try await PullBench.run(Self.silent) { bench in
            try await bench.untilPlaying()
            let stranger = FakeCameraPacket.rtp(payloadType: 111, sequenceNumber: 50, timestamp: 0)
            try await bench.camera.send([Self.packet(1), stranger, Self.packet(2)], track: 0)
            try await eventually("two") { Self.numbers(bench) == [1, 2] }
            let unknownPayloadTypes = try await bench.countersAtEnd().unknownPayloadTypes
            #expect(unknownPayloadTypes == 1)
        }
    }

    @Test(
        "H7 several payload types of one media, each with its own SSRC, do not disturb each other",
        arguments: [
            PullTransport.tcp, .udp,
        ])
    func severalPayloadTypes(transport: PullTransport) async throws {
        var track = FakeTrack.video().silenced
        track.lines[0] = "m=video 0 RTP/AVP 96 97"
        track.lines.append("a=rtpmap:97 H264/90000")
        try await PullBench.run(
            FakeCameraBehaviour(tracks: [track]),
            configure: { $0.transport = transport }
        ) { bench in
            try await bench.untilPlaying()
            for number in 1...10 as ClosedRange<UInt16> {
                let other = FakeCameraPacket.rtp(
                    payloadType: 97,
                    sequenceNumber: 40_000 + number,
                    timestamp: UInt32(number) * 3_000,
                    synchronizationSource: 99,
                    payload: [0x41, 0, UInt8(number)]
                )
                try await bench.camera.send([Self.packet(number), other], track: 0)
            }
            try await eventually("the first type") { bench.packets.count { $0.payloadType == 96 } == 10 }
            let counters = try await bench.countersAtEnd()
            #expect(counters.packets == 20)
            #expect(counters.restarts == 0)
            #expect(counters.lost == 0)
        }
    }

    @Test(
        "H8 H9 RTCP without end, of a wrong version, or cut off, changes nothing",
        arguments: [
            [0x81, 202, 0, 2, 0, 0, 0, 1, 1, 2, 65, 66], [0x40, 200, 0, 6], [0x80, 200, 0, 200, 1], [0x80, 200],
            [0x9F, 201, 0, 0],
        ] as [[UInt8]])
    func brokenReports(report: [UInt8]) async throws {
        try await PullBench.run(Self.silent) { bench in
            try await bench.untilPlaying()
            try await bench.camera.send(report, track: 0, control: true)
            try await bench.camera.send(Self.packet(1), track: 0)
            try await eventually("the packet") { Self.numbers(bench) == [1] }
        }
    }

    @Test("H10 a camera that never sends a sender report is shown without delay")
    func noSenderReports() async throws {
        var behaviour = FakeCameraBehaviour(tracks: [.video(), .audio()])
        behaviour.sendsSenderReports = false
        try await PullBench.run(behaviour) { bench in
            try await bench.moreVideo()
            try await bench.moreVideo(track: 1)
        }
    }

    @Test("H12 datagrams of 10 000 bytes come through from the second one on")
    func largeDatagrams() async throws {
        try await PullBench.run(Self.silent, configure: { $0.transport = .udp }) { bench in
            try await bench.untilPlaying()
            let payload = [0x65] + [UInt8](repeating: 0x5A, count: 10_000)
            var number: UInt16 = 0
            try await eventually("10 000 bytes at the viewer") {
                number += 1
                let packet = FakeCameraPacket.rtp(
                    sequenceNumber: number, timestamp: UInt32(number) * 3_000, payload: payload
                )
                try await bench.camera.send(packet, track: 0)
                return bench.payloads().reduce(0) { $0 + $1.count { $0 == 0x5A } } >= 10_000
            }
            let truncatedDatagrams = try await bench.countersAtEnd().truncatedDatagrams
            #expect(truncatedDatagrams >= 1)
        }
    }

    @Test("H15 K11 header extensions and contributing sources are not passed on")
    func headerExtension() async throws {
        try await PullBench.run(Self.silent) { bench in
            try await bench.untilPlaying()
            var packet = Self.packet(1)
            packet[0] |= 0x11
            packet.insert(contentsOf: [9, 9, 9, 9, 0xBE, 0xDE, 0, 1, 0x10, 0xFF, 0, 0], at: 12)
            try await bench.camera.send(packet, track: 0)
            try await eventually("the payload alone") { bench.payloads() == [[0x41, 0, 1]] }
        }
    }

    @Test("H16 a packet without payload is dropped")
    func emptyPacket() async throws {
        let behaviour = FakeCameraBehaviour(tracks: [.audio().silenced])
        try await PullBench.run(behaviour) { bench in
            try await bench.untilPlaying()
            for number in 1...3 as ClosedRange<UInt16> {
                let payload: [UInt8] = number == 2 ? [] : [1]
                let packet = FakeCameraPacket.rtp(
                    payloadType: 0, sequenceNumber: number, timestamp: UInt32(number) * 160, payload: payload
                )
                try await bench.camera.send(packet, track: 0)
            }
            try await eventually("two") { bench.packets.count == 2 }
            let empty = try await bench.countersAtEnd().empty
            #expect(empty == 1)
        }
    }

    @Test("I10 parameter sets that change in-band reach the viewer before the picture that needs them")
    func changedParameterSets() async throws {
        try await PullBench.run(Self.silent) { bench in
            try await bench.untilPlaying()
            var set = SyntheticH264.sequenceParameterSet
            set[set.count - 1] ^= 0x10
            for (number, payload) in [set, SyntheticH264.pictureParameterSet, [0x65, 0x88, 1]].enumerated() {
                let packet = FakeCameraPacket.rtp(
                    sequenceNumber: UInt16(number), timestamp: 9_000, marker: number == 2, payload: payload
                )
                try await bench.camera.send(packet, track: 0)
            }
            try await eventually("the picture") { bench.payloads().contains { $0.first == 0x65 } }
            let types = bench.payloads().map { $0[0] & 0x1F }
            let picture = try #require(types.firstIndex(of: 5))
            #expect(types[..<picture].contains(7) || types[..<picture].contains(24))
            #expect(bench.payloads().joined().count > 0)
        }
    }
}
