import NIOCore
import RTP
import Testing

@testable import Egress
@testable import ISOMedia

/// What is told of RTP time and the wall clock.
@Suite struct MovieReportsTests {
    private static let wallClock: Int64 = 1_700_000_000_000_000_000

    private static func start(at position: Int64, scale: Double = 1) -> PlayoutStart {
        let track = PlayoutStart.Track(index: 0, sequenceNumber: 1, timestamp: 900_000)
        return PlayoutStart(
            position: position, end: 10_000_000, scale: scale, firstDue: position - 80_000, tracks: [track])
    }

    private static func report(_ packet: ByteBuffer) throws -> SenderReport {
        for case .senderReport(let report) in RTCPPacket.parseCompound(packet) { return report }
        throw CancellationError()
    }

    @Test("A report says the time at which it is sent, and no RTP time before the one that the answer to PLAY tells")
    func times() throws {
        var reports = MovieReports(sources: [7], clockRates: [90_000])
        let now = NIODeadline.uptimeNanoseconds(1_000_000_000)
        reports.began(Self.start(at: 3_000_000), from: 2_920_000, at: now, wallClock: Self.wallClock)
        let first = try Self.report(try #require(reports.make(at: 2_920_000, now: now).first?.packet))
        #expect(first.ntp == NTPTime(unixNanoseconds: Self.wallClock))
        #expect(first.rtpTimestamp == 900_000)
        let later = now + .seconds(5)
        let second = try Self.report(try #require(reports.make(at: 7_920_000, now: later).first?.packet))
        #expect(second.ntp == NTPTime(unixNanoseconds: Self.wallClock + 5_000_000_000))
        #expect(second.rtpTimestamp == 900_000 + 450_000)
    }

    @Test("Tracks that were begun at any time say BYE once")
    func goodbyes() {
        var reports = MovieReports(sources: [7, 8], clockRates: [90_000, 8000])
        let now = NIODeadline.uptimeNanoseconds(0)
        #expect(reports.goodbyes().isEmpty)
        reports.began(Self.start(at: 0), from: 0, at: now, wallClock: Self.wallClock)
        var nothing = Self.start(at: 9_000_000)
        nothing.tracks = []
        reports.began(nothing, from: 0, at: now, wallClock: Self.wallClock)
        #expect(reports.goodbyes().map(\.track) == [0])
        #expect(reports.goodbyes().isEmpty)
        reports.began(Self.start(at: 0), from: 0, at: now, wallClock: Self.wallClock)
        #expect(reports.goodbyes().map(\.track) == [0])
    }
}
