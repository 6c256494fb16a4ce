import NIOCore
import RTP
import Reflector

/// What a viewer's receiver reports say of the tracks it was sent (RFC 3550 §6.4.1).
///
/// It is the viewer's word, and anybody's who knows its port: it is bounded, told, and nothing is done by it.
package struct ReceptionSummary: Sendable, Hashable {
    /// Reports of much loss that make a notice: one may be chance.
    private static let lossyReports = 3
    private static let noticeInterval = TimeAmount.minutes(1)

    /// Those that were reported on, in the order in which they first were; at most as many as the stream has.
    package private(set) var tracks: [TrackReception] = []
    private var lastNotice: NIODeadline?

    package init() {}

    /// Takes the blocks about our own sources, at most as many as there are tracks; `reportSent` tells when the viewer was sent the
    /// sender report with that middle of its time.
    mutating func note(
        _ blocks: [ReportBlock], about sent: [StreamTrack], at now: NIODeadline,
        reportSent: (_ middle32: UInt32, _ track: Int) -> NIODeadline?
    ) {
        for block in blocks.prefix(sent.count) {
            guard let source = sent.first(where: { $0.ssrc == block.ssrc }) else { continue }
            let place = place(of: source.index)
            // Zero is what a viewer says that has got no report yet.
            let echoed = block.lastSenderReport
            tracks[place].note(
                block, clockRate: source.clockRate, at: now,
                reportSent: echoed == 0 ? nil : reportSent(echoed, source.index)
            )
        }
    }

    private mutating func place(of track: Int) -> Int {
        if let known = tracks.firstIndex(where: { $0.track == track }) { return known }
        tracks.append(TrackReception(track: track))
        return tracks.count - 1
    }

    /// Whether the operator is to hear now that the viewer loses much; once a minute at most.
    mutating func isLossNoticeDue(at now: NIODeadline) -> Bool {
        guard tracks.contains(where: { $0.lossyReports >= Self.lossyReports }) else { return false }
        if let lastNotice, now - lastNotice < Self.noticeInterval { return false }
        lastNotice = now
        return true
    }

    /// Packets lost over all tracks.
    package var lost: Int { tracks.reduce(0) { $0 + $1.lost } }

    /// The most that any track lost between its last two reports, in percent.
    package var lossPercent: Int { Int((tracks.map(\.lossFraction).max() ?? 0) * 100) }

    /// The largest of any track.
    package var jitter: TimeAmount? { tracks.compactMap(\.jitter).max() }

    /// The last of each track, the longest of them.
    package var roundTrip: TimeAmount? { tracks.compactMap(\.roundTrip).max() }

    /// The shortest that was ever measured.
    package var shortestRoundTrip: TimeAmount? { tracks.compactMap(\.shortestRoundTrip).min() }
}
