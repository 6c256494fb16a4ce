import NIOCore

/// How long to wait before the next try: exponential with full jitter, so that two hundred cameras that went down
/// together do not come back together.
package struct Backoff: Sendable, Hashable {
    /// The bound of the first pause.
    package let base: TimeAmount
    /// No pause is longer.
    package let ceiling: TimeAmount
    /// Pauses given since the last reset.
    package private(set) var attempts = 0

    /// Pauses from `base` up to `ceiling`.
    package init(base: TimeAmount = .milliseconds(500), ceiling: TimeAmount = .seconds(15)) {
        self.base = base
        self.ceiling = max(base, ceiling)
    }

    /// The next pause; `random` is anything from 0 to 1. The pause is never shorter than half of `base`.
    package mutating func next(random: Double) -> TimeAmount {
        let factor = Int64(1) << Int64(min(attempts, 30))
        let (product, overflows) = base.nanoseconds.multipliedReportingOverflow(by: factor)
        let bound = overflows ? ceiling.nanoseconds : min(product, ceiling.nanoseconds)
        if attempts < .max { attempts += 1 }
        let floor = min(base.nanoseconds / 2, bound)
        let share = random.isFinite ? min(max(random, 0), 1) : 1
        return .nanoseconds(floor + Int64(Double(bound - floor) * share))
    }

    /// All is well again: the next pause is a first one.
    package mutating func reset() {
        attempts = 0
    }
}
