import Testing

@testable import Load

@Suite("Where a decoder can begin")
struct RandomAccessProbeTests {
    private func isRandomAccess(_ probe: RandomAccessProbe, _ payload: [UInt8]) -> Bool {
        payload.withUnsafeBytes { probe.isRandomAccess($0) }
    }

    @Test(
        "in H.264: an IDR slice, the first fragment of one, an aggregate with one",
        arguments: [
            [0x65, 0x88], [0x7C, 0x85, 0x88], [0x78, 0, 2, 0x67, 1, 0, 1, 0x68, 0, 200, 0x65, 0x88],
        ] as [[UInt8]])
    func h264(_ payload: [UInt8]) {
        #expect(isRandomAccess(.h264, payload))
    }

    @Test(
        "in H.264 nothing else, cut short or not",
        arguments: [
            [], [0x41, 0x9A], [0x67, 0x42], [0x7C], [0x7C, 0x05], [0x7C, 0x45], [0x7C, 0x81], [0x78], [0x78, 0],
            [0x78, 0, 1], [0x78, 0, 2, 0x67, 1, 0, 1], [0x78, 0xFF, 0xFF, 0x67],
        ] as [[UInt8]])
    func h264Others(_ payload: [UInt8]) {
        #expect(!isRandomAccess(.h264, payload))
    }

    @Test("in H.265: the types 16 to 21, alone, as a first fragment, and in an aggregate", arguments: UInt8(16)...21)
    func h265(_ type: UInt8) {
        #expect(isRandomAccess(.h265, [type << 1, 1, 0xAF]))
        #expect(isRandomAccess(.h265, [49 << 1, 1, 0x80 | type]))
        #expect(isRandomAccess(.h265, [48 << 1, 1, 0, 3, 32 << 1, 1, 9, 0, 50, type << 1, 1]))
    }

    @Test(
        "in H.265 nothing else, cut short or not",
        arguments: [
            [], [1 << 1, 1], [22 << 1, 1], [32 << 1, 1], [49 << 1, 1], [49 << 1, 1, 19], [49 << 1, 1, 0x81], [48 << 1],
            [48 << 1, 1, 0, 3, 32 << 1, 1, 9],
        ] as [[UInt8]])
    func h265Others(_ payload: [UInt8]) {
        #expect(!isRandomAccess(.h265, payload))
    }

    @Test("contributing sources and a header extension are stepped over, and RTCP is no packet")
    func payloadStart() throws {
        let header: [UInt8] = [0x91, 0xE0, 0, 7, 0, 0, 0, 9, 0, 0, 0, 1]
        let bytes = header + [1, 2, 3, 4] + [0xBE, 0xDE, 0, 1, 5, 5, 5, 5] + [0x65, 0x88]
        try bytes.withUnsafeBytes { bytes in
            let packet = try #require(PacketBeginning(bytes))
            #expect((packet.sequenceNumber, packet.timestamp, packet.source, packet.payloadType) == (7, 9, 1, 96))
            #expect(Array(packet.payload) == [0x65, 0x88])
        }
        for length in bytes.indices {
            bytes[..<length].withUnsafeBytes { #expect(PacketBeginning($0)?.payload.count ?? 0 <= 2) }
        }
        let report: [UInt8] = [0x80, 200, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0]
        report.withUnsafeBytes { #expect(PacketBeginning($0) == nil) }
    }

    @Test("a stamp is read where the camera of a measurement writes it, and nowhere else")
    func stamp() {
        let header = [UInt8](repeating: 0, count: 14)
        let stamped = header + Array("HELIOBNC".utf8) + [0, 0, 0, 1, 0, 0, 0, 2]
        #expect(stamped.withUnsafeBytes { SendStamp.nanoseconds(in: $0) } == 1 << 32 + 2)
        #expect(stamped.dropLast().withUnsafeBytes { SendStamp.nanoseconds(in: $0) } == nil)
        #expect(([0] + stamped).withUnsafeBytes { SendStamp.nanoseconds(in: $0) } == nil)
    }
}
