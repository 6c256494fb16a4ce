import NIOCore

/// How much a stream sends, measured over its last seconds.
///
/// Counters are looked at when a burst comes two seconds after the last look, so a burst costs one comparison. What is told is the
/// difference to the look before, two to four seconds of the stream.
struct StreamRates: Sendable {
    /// What has gone out, wrapping.
    struct Counts: Sendable, Hashable {
        /// Payload bytes of all tracks.
        var octets: UInt32
        /// Frames of the leading track.
        var frames: UInt32
    }

    private struct Mark: Sendable {
        var time: NIODeadline
        var counts: Counts
    }

    private static let span = TimeAmount.seconds(2)
    /// Less says nothing: a key frame is as much as many other pictures.
    private static let leastSpan = TimeAmount.milliseconds(900)

    private var older: Mark?
    private var newer: Mark?
    private var knownFrames: UInt32 = 0
    /// When the newest frame of the leading track came; stays when the source is lost.
    private(set) var lastFrame: NIODeadline?

    /// A burst has gone out; `true` where it is time for `mark`.
    mutating func burstSent(at time: NIODeadline, frames: UInt32) -> Bool {
        if frames != knownFrames || newer == nil {
            knownFrames = frames
            lastFrame = time
        }
        guard let newer else { return true }
        return time - newer.time >= Self.span
    }

    /// What had gone out by the burst that was sent last.
    mutating func mark(_ counts: Counts, at time: NIODeadline) {
        older = newer
        newer = Mark(time: time, counts: counts)
    }

    /// What was measured tells nothing of what comes now.
    mutating func restart() {
        older = nil
        newer = nil
    }

    /// Bits and frames a second at `now`; `nil` where the stream has not sent for long enough. It falls to nothing where
    /// no more comes.
    func reading(_ counts: Counts, at now: NIODeadline) -> StreamRate? {
        guard let mark = older ?? newer, let lastFrame else { return nil }
        // Up to the last frame it is exact; of a source that is silent the time counts as well.
        let end = now - lastFrame > Self.span ? now : lastFrame
        guard end - mark.time >= Self.leastSpan else { return nil }
        let seconds = Double((end - mark.time).nanoseconds) / 1e9
        return StreamRate(
            bitsPerSecond: Double(counts.octets &- mark.counts.octets) * 8 / seconds,
            framesPerSecond: Double(counts.frames &- mark.counts.frames) / seconds)
    }
}
