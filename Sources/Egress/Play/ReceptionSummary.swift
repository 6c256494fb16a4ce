import RTP

/// What a viewer's receiver reports say of the tracks it was sent (RFC 3550 §6.4.1).
struct ReceptionSummary {
    private var latest: [UInt32: ReportBlock] = [:]
    private(set) var reports = 0

    /// Takes the blocks about our own sources; `ssrcs` bounds what is kept.
    mutating func note(_ blocks: [ReportBlock], about ssrcs: Set<UInt32>) {
        reports += 1
        for block in blocks where ssrcs.contains(block.ssrc) { latest[block.ssrc] = block }
    }

    /// Packets lost over all tracks; duplicates make it smaller.
    var lost: Int { latest.values.reduce(0) { $0 + Int($1.cumulativeLost) } }

    /// The worst fraction any track lost between its last two reports, in percent.
    var lossPercent: Int { (latest.values.map { Int($0.fractionLost) }.max() ?? 0) * 100 / 256 }
}
