import NIOCore
import RTP

/// When the stream's sender reports are due, and what they say (RFC 3550 §6.4.1).
///
/// They are the stream's, not the viewer's: every viewer gets the same packets, so one report serves all.
struct SenderReportSchedule {
    private static let interval = TimeAmount.milliseconds(2500)
    /// The relation of the tracks by the source's clock is believed while it stays this close to what arrival says.
    private static let largestDisagreement = 1_000_000_000.0

    private var nextReport: NIODeadline?
    /// Canonical name of RFC 3550 §6.5.1, the same for every track: a receiver may synchronise them.
    private let canonicalName: String

    init(canonicalName: String) {
        self.canonicalName = canonicalName
    }

    /// `true` once per interval, and when a track has begun that nothing was told of: then the next interval begins.
    mutating func isDue(at now: NIODeadline, awaited: Bool) -> Bool {
        if let nextReport, now < nextReport, !awaited { return false }
        nextReport = now + Self.interval
        return true
    }

    /// Moves what the reports tell of each track towards what is known by now, by little while anybody watches.
    func adjust(_ tracks: inout [OutgoingTrack], isWatched: Bool) {
        let shift = commonShift(of: tracks)
        let estimates = tracks.indices.compactMap { index -> (index: Int, timestamp: UInt32, time: Double)? in
            guard tracks[index].hasSent, let time = Self.time(of: tracks[index], shift: shift) else { return nil }
            return (index, tracks[index].timestamp, time)
        }
        guard isWatched else {
            for (index, timestamp, time) in estimates { tracks[index].clock?.tell(time, of: timestamp) }
            return
        }
        let errors = estimates.compactMap { index, timestamp, time in
            tracks[index].clock?.toldTime(of: timestamp).map { time - $0 }
        }
        let common = errors.min() ?? 0
        for (index, timestamp, time) in estimates {
            tracks[index].clock?.adjust(to: time, at: timestamp, common: common)
        }
    }

    /// A compound of sender report and source description for each track that has a clock and has sent.
    /// `unixEpochOffset` is what turns stream time into wall clock, in nanoseconds.
    func reports(of tracks: [OutgoingTrack], unixEpochOffset: Double) -> [(track: Int, packet: ByteBuffer)] {
        tracks.compactMap { track in
            guard track.hasSent, let time = track.clock?.toldTime(of: track.timestamp) else { return nil }
            let report = SenderReport(
                ssrc: track.ssrc,
                ntp: NTPTime(unixNanoseconds: Int64(time + unixEpochOffset)),
                rtpTimestamp: track.timestamp,
                packetCount: track.packetCount,
                octetCount: track.octetCount
            )
            var packet = ByteBufferAllocator().buffer(capacity: 96)
            report.write(into: &packet)
            SourceDescription(ssrc: track.ssrc, cname: canonicalName).write(into: &packet)
            return (track.index, packet)
        }
    }

    /// Source clock to stream time, if every track that sends has a sender report of its source.
    private func commonShift(of tracks: [OutgoingTrack]) -> Double? {
        var shift: Double?
        for track in tracks where track.hasSent && track.clock != nil {
            guard let clock = track.clock, let source = clock.senderTime(of: track.timestamp),
                let arrival = clock.arrivalTime(of: track.timestamp)
            else { return nil }
            let own = arrival - source
            guard let known = shift else {
                shift = own
                continue
            }
            guard abs(own - known) < Self.largestDisagreement else { return nil }
            // The track whose packets are held back least is the closest to the truth.
            shift = min(known, own)
        }
        return shift
    }

    private static func time(of track: OutgoingTrack, shift: Double?) -> Double? {
        guard let clock = track.clock else { return nil }
        if let shift, let source = clock.senderTime(of: track.timestamp) { return source + shift }
        return clock.arrivalTime(of: track.timestamp)
    }
}
