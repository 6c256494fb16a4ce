import NIOCore
import RTP

/// What a viewer says of one track it is sent (RFC 3550 §6.4.1).
package struct TrackReception: Sendable, Hashable {
    /// Position in the stream.
    package let track: Int
    /// Of what was sent between the last two reports, 0…1.
    package private(set) var lossFraction = 0.0
    /// Packets lost since the viewer began; never less than none, though duplicates make it negative on the wire.
    package private(set) var lost = 0
    /// How unevenly packets arrive; `nil` while the track's clock is not known or what is told makes no sense.
    package private(set) var jitter: TimeAmount?
    /// There and back, by the last report that echoed one of ours; `nil` while none did.
    package private(set) var roundTrip: TimeAmount?
    /// The shortest there was.
    package private(set) var shortestRoundTrip: TimeAmount?
    /// Reports of much loss, one after the other.
    private(set) var lossyReports = 0

    /// A loss that shows in the picture.
    private static let muchLoss = 0.05
    /// Nobody's network: whoever tells more tells nonsense.
    private static let largestJitter = 60.0
    /// A delay is told in 1/65536 s, and by another clock than ours.
    private static let tolerance = TimeAmount.milliseconds(2)

    init(track: Int) {
        self.track = track
    }

    /// Takes what one report says; `clockRate` in Hz, `reportSent` is when the report went out that it echoes.
    mutating func note(_ block: ReportBlock, clockRate: Int?, at now: NIODeadline, reportSent: NIODeadline?) {
        lossFraction = Double(block.fractionLost) / 256
        lossyReports = lossFraction > Self.muchLoss ? lossyReports + 1 : 0
        lost = max(0, Int(block.cumulativeLost))
        jitter = Self.jitter(block.jitter, clockRate: clockRate)
        guard let reportSent else { return }
        // Less than nothing comes back from a viewer that invents its delay.
        let delay = TimeAmount.nanoseconds(Int64(block.delaySinceLastSenderReport) * 1_000_000_000 / 65_536)
        let measured = now - reportSent - delay
        guard measured > .zero - Self.tolerance else { return }
        let roundTrip = max(.zero, measured)
        self.roundTrip = roundTrip
        shortestRoundTrip = min(shortestRoundTrip ?? roundTrip, roundTrip)
    }

    private static func jitter(_ units: UInt32, clockRate: Int?) -> TimeAmount? {
        guard let clockRate, clockRate > 0 else { return nil }
        let seconds = Double(units) / Double(clockRate)
        return seconds <= largestJitter ? .nanoseconds(Int64(seconds * 1e9)) : nil
    }
}
