/// How fast the timestamps of one track run against the clock, judged by when its frames arrive (quirks K3, K8).
///
/// A network holds frames back and never hurries them, so of each span of two seconds the least late frame alone counts. By how much
/// that lateness grows from span to span is the rate. It is believed only where most of the last spans say the same: a stall, an
/// outage or a step shows in one or two of them, and a queue that fills and empties says first this and then that.
struct RateMeter: Sendable {
    /// What the last spans agree on.
    struct Reading: Sendable, Hashable {
        /// Seconds that the timestamps advance in a second: 0.84 where a camera stamps 25 pictures a second and sends 21.
        var rate: Double
        /// Frames that came in a second.
        var framesPerSecond: Double
    }

    /// How much has to agree before a reading is one.
    struct Quorum: Sendable {
        /// The last so many spans are looked at.
        var spans: Int
        /// So many of them have to be close to their median.
        var agreeing: Int
    }

    private struct Span: Sendable {
        var rate: Double
        /// Seconds.
        var length: Double
        var frames: Int
    }

    /// Seconds of one span: longer than most groups of pictures that come in one piece.
    static let span = 2.0
    /// What an ordinary camera may be off, and more: quartzes are right to 0.1 %.
    static let ordinary = 0.03
    /// As many spans as are kept.
    static let memory = 15

    private let secondsPerTick: Double
    private var newest: UInt32?
    /// What the timestamps have advanced since the first.
    private var seconds = 0.0
    /// Of the span under way.
    private var start = 0.0
    private var least = Double.infinity
    private var frames = 0
    /// Of the span before: its start, and the lateness of its most punctual frame.
    private var previous: (start: Double, least: Double)?
    private var spans: [Span] = []

    /// `clockRate` in Hz, at least 1.
    init(clockRate: Int) {
        secondsPerTick = 1 / Double(max(clockRate, 1))
        spans.reserveCapacity(Self.memory)
    }

    /// A frame with a timestamp of its own came at `time`, in seconds; `true` where a span ended before it.
    mutating func received(_ timestamp: UInt32, at time: Double) -> Bool {
        guard let last = newest else {
            newest = timestamp
            start = time
            least = time - seconds
            frames = 1
            return false
        }
        newest = timestamp
        seconds += Double(Int32(bitPattern: timestamp &- last)) * secondsPerTick
        let ends = time - start >= Self.span
        if ends { endSpan(at: time) }
        least = min(least, time - seconds)
        frames += 1
        return ends
    }

    /// What was measured so far tells nothing of what comes now.
    mutating func restart() {
        newest = nil
        seconds = 0
        least = .infinity
        frames = 0
        previous = nil
        spans.removeAll(keepingCapacity: true)
    }

    private mutating func endSpan(at time: Double) {
        if let before = previous {
            if spans.count == Self.memory { spans.removeFirst() }
            let length = start - before.start
            spans.append(Span(rate: 1 - (least - before.least) / length, length: time - start, frames: frames))
        }
        previous = (start, least)
        start = time
        least = .infinity
        frames = 0
    }

    /// What the last spans agree on, to within `tolerance` of their median, and all of them taken together do not contradict;
    /// `nil` where there are too few, or too few agree.
    func reading(_ quorum: Quorum, within tolerance: (_ median: Double) -> Double) -> Reading? {
        guard spans.count >= quorum.spans else { return nil }
        let recent = spans.suffix(quorum.spans)
        let median = recent.map(\.rate).sorted()[quorum.spans / 2]
        let agreeing = recent.filter { abs($0.rate - median) <= tolerance(median) }
        guard agreeing.count >= quorum.agreeing else { return nil }
        let rate = agreeing.reduce(0) { $0 + $1.rate } / Double(agreeing.count)
        // What a queue held back makes up for it in the end; a wrong rate never does.
        let overall = recent.reduce(0) { $0 + $1.rate } / Double(recent.count)
        guard abs(rate - 1) <= Self.ordinary || (overall - 1) / (rate - 1) > 0.5 else { return nil }
        let length = agreeing.reduce(0) { $0 + $1.length }
        let frames = agreeing.reduce(0) { $0 + $1.frames }
        return Reading(rate: rate, framesPerSecond: Double(frames) / max(length, 0.001))
    }
}
