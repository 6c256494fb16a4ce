/// Which second of the wall clock a moment of a source's own time is told as.
///
/// The source's clock is told as it runs; where it runs away from ours it is set anew.
struct StreamMoment {
    /// In seconds: the source's clock may be so far from ours.
    private static let tolerance = 0.5

    private var known: (time: Int64, seconds: Double)?

    /// `time` in 1/90000 s, of which only the low 33 bits have to mean something; `wallClock` and the result in seconds since 1970.
    mutating func seconds(of time: Int64, wallClock: Double) -> Double {
        var told = wallClock
        if let known {
            told = known.seconds + Double(SampleClock.distance(from: known.time, to: time)) / 90_000
        }
        if abs(told - wallClock) > Self.tolerance { told = wallClock }
        known = (time, told)
        return told
    }
}
