/// The numbers of segments, which never go back: a player that knows a higher one waits until it is passed.
///
/// They follow the clock, so that they go on over a restart without anything being written down: half seconds since the first of
/// 2024, which is faster than segments are made, and fits into 31 bits, all that some players take, until 2058.
enum SequenceNumbers {
    /// 2024-01-01T00:00:00Z, in seconds since 1970.
    private static let epoch: Int64 = 1_704_067_200

    /// The number to begin with at `wallClock`, nanoseconds since 1970, after `last` if the process has given any.
    static func first(at wallClock: Int64, after last: Int64?) -> Int64 {
        max(wallClock / 500_000_000 - epoch * 2, (last ?? 0) + 1, 1)
    }
}
