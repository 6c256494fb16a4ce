import NIOCore
import RTP
import Testing

@Suite struct RTCPPacketTests {
    private static let block = ReportBlock(
        ssrc: 7, fractionLost: 12, cumulativeLost: -3, extendedHighestSequenceNumber: 0x1_0005, jitter: 44,
        lastSenderReport: 0xAABB_CCDD, delaySinceLastSenderReport: 65_536
    )
    private static let senderReport = SenderReport(
        ssrc: 0x1234_5678, ntp: NTPTime(unixSeconds: 1_700_000_000, nanoseconds: 500_000_000), rtpTimestamp: 90_000,
        packetCount: 10, octetCount: 12_345, reports: [block]
    )

    private func parse(_ bytes: [UInt8]) -> [RTCPPacket] {
        RTCPPacket.parseCompound(ByteBuffer(bytes: bytes))
    }

    private func bytes(_ write: (inout ByteBuffer) -> Void) -> [UInt8] {
        var buffer = ByteBuffer()
        write(&buffer)
        return Array(buffer: buffer)
    }

    @Test("SR + SDES comes back as it was written", arguments: ["", "a", "ab", "abc", "relay@example"])
    func senderCompound(cname: String) {
        let written = bytes { RTCPCompound.write(Self.senderReport, cname: cname, into: &$0) }
        #expect(written.count % 4 == 0)
        #expect(
            parse(written) == [
                .senderReport(Self.senderReport),
                .sourceDescription(SourceDescription(ssrc: 0x1234_5678, cname: cname)),
            ])
    }

    @Test("RR + SDES + BYE comes back as it was written", arguments: [nil, "x", "moved", "the end."])
    func goodbye(reason: String?) {
        let report = ReceiverReport(ssrc: 3, reports: [Self.block, Self.block])
        let written = bytes { RTCPCompound.writeGoodbye(report, cname: "c", reason: reason, into: &$0) }
        #expect(written.count % 4 == 0)
        #expect(
            parse(written) == [
                .receiverReport(report), .sourceDescription(SourceDescription(ssrc: 3, cname: "c")),
                .goodbye(Goodbye(ssrcs: [3], reason: reason)),
            ])
    }

    @Test("a sender report has the bytes of RFC 3550 §6.4.1")
    func layout() {
        let report = SenderReport(
            ssrc: 1, ntp: NTPTime(rawValue: 0x0102_0304_0506_0708), rtpTimestamp: 2, packetCount: 3, octetCount: 4
        )
        #expect(
            bytes { report.write(into: &$0) } == [
                0x80, 200, 0, 6, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4,
            ])
    }

    @Test("names, reasons and reports are cut to what their fields can tell")
    func bounds() throws {
        let long = String(repeating: "n", count: 1000)
        let report = ReceiverReport(ssrc: 3, reports: Array(repeating: Self.block, count: 40))
        let packets = parse(bytes { RTCPCompound.writeGoodbye(report, cname: long, reason: long, into: &$0) })
        try #require(packets.count == 3)
        #expect(packets[0] == .receiverReport(ReceiverReport(ssrc: 3, reports: Array(report.reports.prefix(31)))))
        #expect(packets[1] == .sourceDescription(SourceDescription(ssrc: 3, cname: String(long.prefix(255)))))
        #expect(packets[2] == .goodbye(Goodbye(ssrcs: [3], reason: String(long.prefix(255)))))
    }

    @Test("H8 an SDES packet without END octet is read, and what follows too (Hanwha)")
    func noEnd() {
        // The item fills its packet to the last byte.
        let description: [UInt8] = [0x81, 202, 0, 3, 0, 0, 0, 9, 1, 6] + Array("camera".utf8)
        let goodbye: [UInt8] = [0x81, 203, 0, 1, 0, 0, 0, 9]
        #expect(
            parse(description + goodbye) == [
                .sourceDescription(SourceDescription(ssrc: 9, cname: "camera")), .goodbye(Goodbye(ssrcs: [9])),
            ])
    }

    @Test("H8 an SDES item longer than its packet is read as far as it goes")
    func longItem() {
        let description: [UInt8] = [0x81, 202, 0, 3, 0, 0, 0, 9, 1, 60] + Array("camera".utf8)
        #expect(parse(description) == [.sourceDescription(SourceDescription(ssrc: 9, cname: "camera"))])
    }

    @Test("H9 what stands before a malformed packet is kept")
    func malformed() {
        let good = bytes { Self.senderReport.write(into: &$0) }
        #expect(parse(good + [0x00, 200, 0, 6, 0, 0]) == [.senderReport(Self.senderReport)])
        #expect(parse(good + [0x80, 200, 0xFF, 0xFF, 1, 2]) == [.senderReport(Self.senderReport)])
        #expect(parse([]).isEmpty)
        #expect(parse([0x80]).isEmpty)
        #expect(parse([0x80, 201, 0, 1, 0, 0]).isEmpty)
    }

    @Test("H9 a report with fewer blocks than it counts keeps those it has")
    func missingBlocks() {
        var written = bytes { Self.senderReport.write(into: &$0) }
        written[0] = 0x80 | 5
        #expect(parse(written) == [.senderReport(Self.senderReport)])
    }

    @Test("packets of no use to the relay are named and skipped")
    func others() {
        #expect(
            parse([0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0x81, 203, 0, 1, 0, 0, 0, 9]) == [
                .other(type: 206), .goodbye(Goodbye(ssrcs: [9])),
            ])
    }

    @Test("mutated compounds give a bounded list")
    func mutations() {
        var generator = SeededGenerator(seed: 2)
        let report = ReceiverReport(ssrc: 3, reports: [Self.block])
        let compound = bytes {
            RTCPCompound.write(Self.senderReport, cname: "camera", into: &$0)
            RTCPCompound.writeGoodbye(report, cname: "relay", reason: "done", into: &$0)
        }
        var found = 0
        for _ in 0..<5000 {
            let packets = parse(generator.mutate(compound))
            #expect(packets.count <= RTCPPacket.maximumCount)
            found += packets.count
        }
        #expect(found > 5000)
        let many = [UInt8](repeating: 0, count: 1).flatMap { _ in
            (0..<1000).flatMap { _ in [0x80, 206, 0, 0] as [UInt8] }
        }
        #expect(parse(many).count == RTCPPacket.maximumCount)
    }
}

@Suite struct NTPTimeTests {
    @Test("the Unix epoch is 2 208 988 800 seconds after 1900")
    func epoch() {
        #expect(NTPTime(unixSeconds: 0).rawValue == 2_208_988_800 << 32)
        #expect(NTPTime(unixSeconds: 0, nanoseconds: 500_000_000).rawValue & 0xFFFF_FFFF == 0x8000_0000)
    }

    @Test("nanoseconds come back", arguments: [0, 1, 999_999_999, 1_700_000_000_123_456_789, -1] as [Int64])
    func nanoseconds(value: Int64) {
        #expect(NTPTime(unixNanoseconds: value).unixNanoseconds == value)
    }

    @Test("the middle 32 bits")
    func middle() {
        #expect(NTPTime(rawValue: 0x0102_0304_0506_0708).middle32 == 0x0304_0506)
    }

    @Test("times no clock has do not trap", arguments: [Int64.min, Int64.max])
    func extremes(value: Int64) {
        _ = NTPTime(unixNanoseconds: value)
        _ = NTPTime(unixSeconds: value, nanoseconds: value)
        #expect(NTPTime(rawValue: .max).unixNanoseconds > 0)
    }
}
