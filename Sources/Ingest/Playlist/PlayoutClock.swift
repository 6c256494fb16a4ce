import NIOCore

/// When something of a timeline in 1/90000 s is due. Anchored once, so that hours of it do not drift.
struct PlayoutClock {
    /// What comes later than this moves all that follows, instead of being caught up with.
    private static let patience = TimeAmount.milliseconds(500)

    private var anchor: (time: Int64, moment: NIODeadline)?
    /// The furthest time of the present movie that was played.
    private var newest: Int64?

    /// How far the timeline is; `nil` before it begins.
    func time(at now: NIODeadline) -> Int64? {
        anchor.map { $0.time &+ Self.ticks(now - $0.moment) }
    }

    /// When a time of the timeline is due; at once before it begins.
    func moment(of time: Int64) -> NIODeadline? {
        anchor.map { $0.moment + Self.amount(time &- $0.time) }
    }

    /// Another movie begins: its first unit may move the timeline, wherever it is.
    mutating func movieBegan() { newest = nil }

    /// Something of that time is played now; the first begins the timeline.
    ///
    /// `leads` where others follow it: pictures, or sound alone. What follows moves nothing where others were played that come behind it:
    /// `false` then, and it is too late for it.
    @discardableResult
    mutating func played(_ time: Int64, leads: Bool = true, at now: NIODeadline) -> Bool {
        if let due = moment(of: time), now - due <= Self.patience {
            newest = max(newest ?? time, time)
            return true
        }
        guard leads || newest.map({ time >= $0 }) ?? true else { return false }
        anchor = (time, now)
        newest = time
        return true
    }

    private static func ticks(_ amount: TimeAmount) -> Int64 {
        // A tick is 100000/9 ns.
        let (seconds, rest) = amount.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return seconds &* 90_000 &+ rest * 9 / 100_000
    }

    private static func amount(_ ticks: Int64) -> TimeAmount {
        let (seconds, rest) = ticks.quotientAndRemainder(dividingBy: 90_000)
        // Up, or the timeline would not be there yet when the moment has come.
        return .nanoseconds(seconds &* 1_000_000_000 &+ (rest * 100_000 + 8) / 9)
    }
}
