import NIOCore
import RTP
import Testing

@testable import Reflector

@Suite("When sender reports went out")
struct SentReportsTests {
    private static func burst(_ reports: [(track: Int, middle32: UInt32)]) throws -> Burst {
        var builder = BurstBuilder()
        for report in reports {
            var packet = ByteBuffer()
            SenderReport(
                ssrc: 1, ntp: NTPTime(rawValue: UInt64(report.middle32) << 16), rtpTimestamp: 0, packetCount: 0,
                octetCount: 0
            ).write(into: &packet)
            builder.append(control: packet, track: report.track)
        }
        let burst = builder.take(at: .uptimeNanoseconds(0))
        return try #require(burst)
    }

    @Test("a report is found by its track and the middle of its time, and the last time it went out counts")
    func found() throws {
        var sent = SentReports()
        let burst = try Self.burst([(0, 0x1234_5678), (1, 0x1234_5678)])
        #expect(burst.holdsReports)
        sent.note(burst, at: .uptimeNanoseconds(5))
        sent.note(try Self.burst([(0, 0x1234_5678)]), at: .uptimeNanoseconds(9))
        #expect(sent.sent(0x1234_5678, of: 0) == .uptimeNanoseconds(9))
        #expect(sent.sent(0x1234_5678, of: 1) == .uptimeNanoseconds(5))
        #expect(sent.sent(0x1234_5678, of: 2) == nil && sent.sent(1, of: 0) == nil)
    }

    @Test("no more than sixty-four are kept, the latest")
    func bounded() throws {
        var sent = SentReports()
        for number in 1...1000 {
            sent.note(try Self.burst([(0, UInt32(number))]), at: .uptimeNanoseconds(UInt64(number)))
        }
        #expect((1...1000).filter { sent.sent(UInt32($0), of: 0) != nil } == Array(937...1000))
    }

    @Test("a burst without reports says so, also behind one that has some")
    func none() throws {
        var builder = BurstBuilder()
        builder.append(control: ByteBuffer(repeating: 0, count: 28), track: 0)
        let first = builder.take(at: .uptimeNanoseconds(0))
        #expect(first?.holdsReports == true)
        builder.append(
            payload: ByteBuffer(bytes: [1]),
            header: OutgoingHeader(marker: true, payloadType: 96, sequenceNumber: 1, timestamp: 0, ssrc: 1), track: 0,
            startsGroup: false)
        let second = builder.take(at: .uptimeNanoseconds(0))
        #expect(second?.holdsReports == false)
    }
}
