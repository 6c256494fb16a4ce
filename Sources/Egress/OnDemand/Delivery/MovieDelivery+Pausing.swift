import ISOMedia
import NIOCore

// The point where it is to pause: what is due from there on is not played any more (RFC 2326 §10.6).
extension MovieDelivery {
    /// Goes on as far as `point`, in microseconds of the movie, and stops there; `nil` goes on beyond.
    ///
    /// Over TCP a second has been sent ahead, and what that has beyond the point is not called back.
    func pause(at point: Int64?) {
        pausePoint = point
        advance()
    }

    func isBeyondPause(_ due: Int64, _ pace: PlayoutPace) -> Bool {
        guard let pausePoint else { return false }
        return pace.isForward ? due >= pausePoint : due <= pausePoint
    }

    /// That time, or what is just before the point.
    func beforePause(_ time: Int64, _ pace: PlayoutPace) -> Int64 {
        guard let pausePoint else { return time }
        return pace.isForward ? min(time, pausePoint - 1) : max(time, pausePoint + 1)
    }

    /// Whether all has been sent that is due before, and the moment has come.
    func hasReached(_ point: Int64, _ pace: PlayoutPace, at now: NIODeadline) -> Bool {
        let next = waiting.first.map { $0.batch.entries[$0.next].due } ?? nextDue
        let hasMore = next.map { !isBeyondPause($0, pace) } ?? false
        return !isReading && !hasMore && now >= pace.deadline(of: point)
    }
}
