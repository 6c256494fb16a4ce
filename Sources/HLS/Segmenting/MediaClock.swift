import NIOCore

/// The clock of a track: from ticks to time.
package struct MediaClock: Sendable, Hashable {
    /// Ticks a second, at least 1.
    package let rate: Int64

    package init(rate: Int) {
        self.rate = Int64(max(rate, 1))
    }

    /// So many ticks as a duration. Whole seconds apart from the rest, for the product of both passes 64 bits within days.
    package func time(_ ticks: Int64) -> TimeAmount {
        .nanoseconds((ticks / rate &* 1_000_000_000) &+ (ticks % rate &* 1_000_000_000) / rate)
    }

    /// The ticks of a duration.
    package func ticks(_ time: TimeAmount) -> Int64 {
        (time.nanoseconds / 1_000_000_000 &* rate) &+ (time.nanoseconds % 1_000_000_000 &* rate) / 1_000_000_000
    }
}
