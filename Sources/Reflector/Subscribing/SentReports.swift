import NIOCore

/// When the latest sender reports went out: a receiver that echoes one tells by it how long the way there and back is
/// (RFC 3550 §6.4.1).
///
/// What a report says of the time is the stream's clock, which stands still where the stream does; so the moment is kept beside it.
package struct SentReports: Sendable {
    /// Half a minute and more of a stream with picture and sound, some seconds of one with very many tracks.
    private static let limit = 64

    private struct Report: Sendable {
        var track: Int
        var middle32: UInt32
        var sent: NIODeadline
    }

    private var latest: [Report] = []
    private var oldest = 0

    package init() {}

    /// The burst goes out now, with the reports in it.
    package mutating func note(_ burst: Burst, at now: NIODeadline) {
        for entry in burst.entries where entry.isControl {
            // Header and SSRC, eight bytes, are followed by the time: its middle is what a receiver echoes.
            guard let middle32: UInt32 = burst.bytes.getInteger(at: entry.offset + 10) else { continue }
            note(middle32, of: entry.track, at: now)
        }
    }

    /// A report of a track with that middle of its time goes out now.
    package mutating func note(_ middle32: UInt32, of track: Int, at now: NIODeadline) {
        let report = Report(track: track, middle32: middle32, sent: now)
        if latest.count < Self.limit {
            latest.append(report)
        } else {
            latest[oldest] = report
            oldest = (oldest + 1) % Self.limit
        }
    }

    /// When the report of a track with that middle of its time went out, the last time; `nil` where none is known.
    package func sent(_ middle32: UInt32, of track: Int) -> NIODeadline? {
        latest.lazy.filter { $0.track == track && $0.middle32 == middle32 }.map(\.sent).max()
    }
}
