import NIOCore

/// How often a source sends, and from when on its silence is a stall.
struct SourceRhythm: Sendable {
    /// So many times its usual interval, for one that sends seldom.
    private static let intervals = 3.0
    /// One that sends less than a picture in half a minute cannot be told from a dead one.
    private static let longestPatience = TimeAmount.seconds(90)
    /// The weight of the newest interval: one hiccup says little of a camera that sends often.
    private static let weight = 1.0 / 8

    private(set) var lastArrival: NIODeadline?
    /// Nanoseconds between arrivals, on average; `nil` before the second.
    private var interval: Double?

    /// A packet came; of those between two looks the newest will do.
    mutating func heard(at arrival: NIODeadline) {
        defer { lastArrival = max(arrival, lastArrival ?? arrival) }
        guard let lastArrival, arrival > lastArrival else { return }
        let step = min(Double((arrival - lastArrival).nanoseconds), Double(Self.longestPatience.nanoseconds))
        interval = interval.map { $0 + (step - $0) * Self.weight } ?? step
    }

    /// It sends again after a silence that was none of its own rhythm, and must not become it.
    mutating func resumed(at arrival: NIODeadline) {
        lastArrival = max(arrival, lastArrival ?? arrival)
    }

    /// The session is over; how often the camera sends is still known.
    mutating func ended() {
        lastArrival = nil
    }

    /// How long it may be silent, and at least `least`.
    func patience(least: TimeAmount) -> TimeAmount {
        let usual = TimeAmount.nanoseconds(Int64((interval ?? 0) * Self.intervals))
        return min(max(least, usual), max(least, Self.longestPatience))
    }

    /// Whether it is silent for too long, or nothing was heard of it at all.
    func isSilent(at now: NIODeadline, least: TimeAmount) -> Bool {
        lastArrival.map { now - $0 >= patience(least: least) } ?? true
    }
}
