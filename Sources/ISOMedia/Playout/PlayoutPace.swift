import NIOCore

/// When what is to be sent: ties the time of a movie to the clock, from PLAY to the next PLAY or PAUSE.
package struct PlayoutPace: Sendable, Hashable {
    private let movie: Int64
    private let start: NIODeadline
    /// Microseconds of the movie to a microsecond; below 0 backwards.
    private let rate: Double

    /// At `now` the movie is at `movie`, in microseconds; `rate` is how much faster than itself it runs, and not 0.
    package init(from movie: Int64, at now: NIODeadline, rate: Double) {
        self.movie = movie
        start = now
        self.rate = rate == 0 ? 1 : rate
    }

    /// Where the movie is, in microseconds.
    package func movieTime(at now: NIODeadline) -> Int64 {
        let elapsed = Double((now - start).nanoseconds) / 1000 * rate
        return movie &+ (Int64(exactly: elapsed.rounded()) ?? 0)
    }

    /// When the movie will be, or was, at `time`, in microseconds; not more than ten years away.
    package func deadline(of time: Int64) -> NIODeadline {
        let nanoseconds = Double(time &- movie) / rate * 1000
        let bound = 3e17
        return start + .nanoseconds(Int64(max(-bound, min(bound, nanoseconds))))
    }

    package var isForward: Bool { rate > 0 }
}
