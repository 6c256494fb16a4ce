import Ingest
import NIOCore
import TestSupport
import Testing

/// Frames on the RTSP connection, made by the test one by one.
@Suite(.serialized) struct InterleavingTests {
    private static let silent = FakeCameraBehaviour(tracks: [.video().silenced])

    private static func packet(_ number: UInt16, payload: [UInt8] = [0x41, 1, 2, 3]) -> [UInt8] {
        FakeCameraPacket.rtp(sequenceNumber: number, timestamp: UInt32(number) * 3_000, payload: payload)
    }

    private static func frame(_ number: UInt16, channel: UInt8 = 0, payload: [UInt8] = [0x41, 1, 2, 3]) -> [UInt8] {
        FakeCameraPacket.framed(packet(number, payload: payload), channel: channel)
    }

    @Test("G1 garbage between frames is skipped, and none of the frames")
    func garbage() async throws {
        try await PullBench.run(Self.silent) { bench in
            try await bench.untilPlaying()
            for number in 1...20 as ClosedRange<UInt16> {
                try await bench.camera.sendRaw([0x00, 0x17, 0x99, 0x24, 0x55] + Self.frame(number))
            }
            try await eventually("all frames") { bench.packets.count == 20 }
            let discardedBytes = try await bench.countersAtEnd().discardedBytes
            #expect(discardedBytes == 100)
        }
    }

    @Test("G2 G6 frames and a response, cut anywhere, are read")
    func cutAnywhere() async throws {
        try await PullBench.run(Self.silent) { bench in
            try await bench.untilPlaying()
            let response = Array("RTSP/1.0 200 OK\r\nCSeq: 99\r\nContent-Length: 3\r\n\r\n$$$".utf8)
            let bytes = Self.frame(1) + response + Self.frame(2) + Self.frame(3)
            for byte in bytes { try await bench.camera.sendRaw([byte]) }
            try await eventually("all frames") { bench.packets.count == 3 }
            try await bench.camera.sendRaw((4...40).flatMap { Self.frame($0) })
            try await eventually("many frames in one write") { bench.packets.count == 40 }
        }
    }

    @Test("G3 a frame of 60 000 bytes, a whole NAL unit in one packet, is taken")
    func largeFrame() async throws {
        try await PullBench.run(Self.silent) { bench in
            try await bench.untilPlaying()
            let unit = [0x65] + [UInt8](repeating: 0x5A, count: 60_000)
            try await bench.camera.sendRaw(Self.frame(1, payload: unit))
            try await eventually("its bytes at the viewer") {
                bench.payloads().reduce(0) { $0 + $1.count { $0 == 0x5A } } == 60_000
            }
        }
    }

    @Test("G4 a frame on a channel nobody set up is counted and passed over")
    func strayChannel() async throws {
        try await PullBench.run(Self.silent) { bench in
            try await bench.untilPlaying()
            try await bench.camera.sendRaw(Self.frame(1, channel: 9) + Self.frame(2))
            try await eventually("the other frame") { bench.packets.count == 1 }
            let strayFrames = try await bench.countersAtEnd().strayFrames
            #expect(strayFrames == 1)
        }
    }

    @Test("G5 RTP on the RTCP channel and RTCP on the RTP channel are told apart by what they are")
    func swappedChannels() async throws {
        try await PullBench.run(Self.silent) { bench in
            try await bench.untilPlaying()
            let report: [UInt8] = [0x80, 200, 0, 6] + [UInt8](repeating: 1, count: 24)
            try await bench.camera.sendRaw(
                Self.frame(1, channel: 1) + FakeCameraPacket.framed(report, channel: 0) + Self.frame(2, channel: 1)
            )
            try await eventually("both packets") { bench.packets.count == 2 }
            let counters = try await bench.countersAtEnd()
            #expect(counters.malformed == 0)
            #expect(counters.unknownPayloadTypes == 0)
        }
    }

    @Test("G7 a gap over TCP is as many lost as are missing, a repeated packet is none")
    func gapAndRepeat() async throws {
        try await PullBench.run(Self.silent) { bench in
            try await bench.untilPlaying()
            for number in [1, 2, 2, 3, 6, 7] as [UInt16] { try await bench.camera.sendRaw(Self.frame(number)) }
            try await eventually("packets") { bench.packets.count >= 5 }
            let counters = try await bench.countersAtEnd()
            #expect(counters.lost == 1, "two missing, one twice")
            #expect(counters.restarts == 0)
        }
    }

    @Test("G8 RTCP of 3000 bytes over TCP is no reason to stop")
    func largeReport() async throws {
        try await PullBench.run(Self.silent) { bench in
            try await bench.untilPlaying()
            let report = [0x80, 204, 0x02, 0xED] + [UInt8](repeating: 7, count: 2_996)
            try await bench.camera.sendRaw(FakeCameraPacket.framed(report, channel: 1) + Self.frame(1))
            try await eventually("the packet") { bench.packets.count == 1 }
        }
    }

    @Test("A second track on the same channels is told apart by its payload type")
    func sharedChannel() async throws {
        var behaviour = FakeCameraBehaviour(tracks: [.video(), .audio()])
        behaviour.answers["SETUP"] = { _ in .usualWith([("Transport", "RTP/AVP/TCP;unicast;interleaved=0-1")]) }
        behaviour.tracks = behaviour.tracks.map(\.silenced)
        try await PullBench.run(behaviour) { bench in
            try await bench.untilPlaying()
            let audio = FakeCameraPacket.rtp(payloadType: 0, sequenceNumber: 9, timestamp: 8, payload: [1, 2, 3])
            try await bench.camera.sendRaw(Self.frame(1) + FakeCameraPacket.framed(audio, channel: 0))
            try await eventually("both") { bench.packets.count == 2 }
            #expect(bench.packets(track: 1).map(\.payload) == [[1, 2, 3]])
        }
    }
}
