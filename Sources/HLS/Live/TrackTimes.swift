import Media
import NIOCore

/// The times of one track in fragments that go out before the next unit is there, and so with a duration that is only expected.
///
/// Players of Media Source Extensions take a unit whose decode time is more than two durations behind the last for a new beginning, and
/// throw away everything up to the next key frame (W3C MSE §3.5.8). So decode times of units that come late are drawn near the last one,
/// and only the time of presentation says how late they are. An expected duration that was too long does no harm.
struct TrackTimes: Sendable {
    let clock: MediaClock
    /// Of the last unit, as it came, and as it was written.
    private var last: (time: Int64, decodeTime: Int64)?
    /// Of the last unit, as it was written.
    private var promised: Int64
    private var usual: Int64
    /// The next unit may be at any distance from the last.
    private var isAnew = true

    /// Distances beyond are pauses, and tell nothing of the next one.
    private static let longestUsual = TimeAmount.seconds(2)

    init(clock: MediaClock, expecting duration: Int64) {
        self.clock = clock
        usual = max(duration, 1)
        promised = usual
    }

    /// From where on nothing was written; `nil` before the first unit.
    var end: TimeAmount? { last.map { clock.time($0.decodeTime &+ promised) } }

    /// The distance of a unit from the one before, as both came; `nil` where it begins anew.
    func step(to unit: AccessUnit) -> TimeAmount? {
        isAnew ? nil : last.map { clock.time(unit.decodeTime &- $0.time) }
    }

    /// Gives a unit its times, and tells how long it is said to last.
    mutating func place(_ unit: inout AccessUnit) -> Int64 {
        let time = unit.decodeTime
        if let last {
            let step = time &- last.time
            if !isAnew, step > 0, clock.time(step) <= Self.longestUsual { usual = step }
            // A tenth less than two, for players reckon in microseconds.
            let latest = last.decodeTime &+ max(promised &* 19 / 10, 1)
            unit.decodeTime = max(min(time, latest), last.decodeTime &+ 1)
        }
        unit.presentationTime = max(unit.presentationTime, unit.decodeTime)
        promised = min(max(unit.duration ?? usual, 1), max(clock.ticks(Self.longestUsual), 1))
        last = (time, unit.decodeTime)
        isAnew = false
        return promised
    }

    /// What comes next does not go on from the last unit, though it is never placed before it.
    mutating func restart() { isAnew = true }
}
