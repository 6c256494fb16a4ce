import Media
import NIOCore
import RTP
import Testing

@testable import Egress
@testable import Reflector

@Suite("What a viewer's receiver reports say")
struct ReceptionSummaryTests {
    private static let tracks = [
        StreamTrack(index: 0, description: SyntheticCamera.video, ssrc: 0xA0),
        StreamTrack(index: 1, description: SyntheticCamera.audio, ssrc: 0xA1),
    ]
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    /// Takes reports of a viewer to whom the report with the middle 7 was sent at the start.
    private func note(
        _ blocks: [ReportBlock], in summary: inout ReceptionSummary, after time: TimeAmount = .zero
    ) {
        summary.note(blocks, about: Self.tracks, at: Self.start + time) { middle32, _ in
            middle32 == 7 ? Self.start : nil
        }
    }

    private static func block(
        _ ssrc: UInt32 = 0xA0, fraction: UInt8 = 0, lost: Int32 = 0, jitter: UInt32 = 0, echoes: UInt32 = 0,
        held: UInt32 = 0
    ) -> ReportBlock {
        ReportBlock(
            ssrc: ssrc, fractionLost: fraction, cumulativeLost: lost, jitter: jitter, lastSenderReport: echoes,
            delaySinceLastSenderReport: held)
    }

    @Test("loss is told as a fraction and a number, jitter by the clock of the track, each track by itself")
    func lossAndJitter() throws {
        var summary = ReceptionSummary()
        note([Self.block(fraction: 64, lost: 12, jitter: 900), Self.block(0xA1, lost: 3, jitter: 160)], in: &summary)
        #expect(summary.tracks.map(\.track) == [0, 1])
        #expect(summary.tracks.map(\.lossFraction) == [0.25, 0])
        #expect(summary.tracks.map(\.lost) == [12, 3])
        #expect(summary.tracks.map(\.jitter) == [.milliseconds(10), .milliseconds(20)])
        #expect(summary.lost == 15 && summary.lossPercent == 25 && summary.jitter == .milliseconds(20))
        note([Self.block(fraction: 0, lost: 13)], in: &summary)
        #expect(summary.lost == 16 && summary.lossPercent == 0)
    }

    @Test(
        "the round trip is what passed since our report went out, without the viewer's own delay; the shortest is kept")
    func roundTrip() {
        var summary = ReceptionSummary()
        note([Self.block(echoes: 7, held: 65_536)], in: &summary, after: .milliseconds(1040))
        #expect(summary.roundTrip == .milliseconds(40) && summary.shortestRoundTrip == .milliseconds(40))
        note([Self.block(echoes: 7, held: 2 * 65_536)], in: &summary, after: .milliseconds(2090))
        #expect(summary.roundTrip == .milliseconds(90) && summary.shortestRoundTrip == .milliseconds(40))
        note([Self.block(0xA1, echoes: 7, held: 0)], in: &summary, after: .milliseconds(30))
        #expect(summary.roundTrip == .milliseconds(90) && summary.shortestRoundTrip == .milliseconds(30))
    }

    @Test("a viewer that got no report yet, or echoes one that we never sent, has no round trip")
    func noRoundTrip() {
        var summary = ReceptionSummary()
        note([Self.block(), Self.block(echoes: 8, held: 1)], in: &summary, after: .seconds(1))
        #expect(summary.tracks.count == 1 && summary.roundTrip == nil && summary.shortestRoundTrip == nil)
    }

    @Test("nonsense counts for nothing: negative loss, absurd delay and jitter, sources that are none of ours")
    func nonsense() {
        var summary = ReceptionSummary()
        note([Self.block(lost: -8_388_608, jitter: .max, echoes: 7, held: .max)], in: &summary, after: .seconds(1))
        #expect(summary.lost == 0 && summary.jitter == nil && summary.roundTrip == nil)
        // Rounding makes the delay a trifle longer than all there was.
        note([Self.block(echoes: 7, held: 65_600)], in: &summary, after: .seconds(1))
        #expect(summary.roundTrip == .zero)
        note([Self.block(0xDEAD_BEEF, fraction: 255, lost: 99)], in: &summary)
        #expect(summary.tracks.count == 1 && summary.lost == 0 && summary.lossPercent == 0)
    }

    @Test("of one report no more blocks are read than there are tracks")
    func manyBlocks() {
        var summary = ReceptionSummary()
        note((0..<31).map { Self.block(0xA0, lost: Int32($0)) }, in: &summary)
        #expect(summary.lost == 1)
    }

    @Test("three reports of more than five percent in a row are worth a notice, once a minute")
    func notices() {
        var summary = ReceptionSummary()
        var notices: [Int] = []
        // A report every five seconds; the loss begins with the third and pauses once.
        for report in 0..<40 {
            let fraction: UInt8 = report < 2 || report == 3 ? 12 : 13
            let now = Self.start + .seconds(Int64(5 * report))
            note([Self.block(fraction: fraction)], in: &summary, after: .seconds(Int64(5 * report)))
            if summary.isLossNoticeDue(at: now) { notices.append(report) }
        }
        #expect(notices == [6, 18, 30])
    }

    @Test("seeded reports of any content are bounded, and no sum of them traps")
    func seeded() {
        var state: UInt64 = 3550
        func next() -> UInt32 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt32(truncatingIfNeeded: state >> 32)
        }
        var summary = ReceptionSummary()
        for _ in 0..<3000 {
            let blocks = (0..<3).map { _ in
                ReportBlock(
                    ssrc: 0xA0 + next() % 3, fractionLost: UInt8(truncatingIfNeeded: next()),
                    cumulativeLost: Int32(bitPattern: next()) >> 8, jitter: next() >> (next() % 32),
                    lastSenderReport: next() % 9, delaySinceLastSenderReport: next() >> (next() % 32))
            }
            note(blocks, in: &summary, after: .nanoseconds(Int64(next())))
            _ = summary.isLossNoticeDue(at: Self.start)
            #expect(summary.tracks.count <= 2 && summary.lost >= 0 && (0...100).contains(summary.lossPercent))
            #expect(summary.roundTrip ?? .zero >= .zero && summary.jitter ?? .zero <= .seconds(60))
        }
        #expect(summary.roundTrip != nil)
    }
}
