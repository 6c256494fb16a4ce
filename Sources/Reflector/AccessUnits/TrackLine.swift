import NIOCore

/// Which moment on the timeline of all tracks a timestamp of one track stands for, as the stream's own sender reports tell; in clock units,
/// counted on without wrapping.
///
/// It follows the reports by little, so that neither drifts from them over days nor is moved by what nobody notices; only what is off by
/// half a second is a step.
struct TrackLine {
    /// What is off by no more is left alone, in seconds.
    private static let tolerance = 0.001
    private static let step = 0.5
    /// Of the time that passes, so much is made good: more than reports move by (5 ms in 2.5 s).
    private static let slew = 0.004

    private let clockRate: Double
    private var newest: (timestamp: UInt32, extended: Int64)?
    /// Time less extended timestamp.
    private var offset: Double?
    /// What `offset` is on its way to.
    private var target = 0.0

    /// `clockRate` in Hz, at least 1.
    init(clockRate: Int) {
        self.clockRate = Double(max(clockRate, 1))
    }

    var isKnown: Bool { offset != nil }

    /// A report says that `timestamp` is `seconds` on the timeline. By how many seconds the line steps with it, 0 for most.
    mutating func reported(_ timestamp: UInt32, at seconds: Double) -> Double {
        let told = seconds * clockRate - Double(extended(timestamp))
        guard let known = offset else {
            place(at: told)
            return 0
        }
        let off = (told - known) / clockRate
        if abs(off) > Self.step {
            place(at: told)
            return off
        }
        target = abs(off) > Self.tolerance ? told.rounded() : known
        return 0
    }

    /// When a packet with that timestamp is due; `nil` before the first report.
    mutating func time(of timestamp: UInt32) -> Int64? {
        let extended = extended(timestamp)
        let passed = abs(Double(extended - (newest?.extended ?? extended)))
        newest = (timestamp, extended)
        guard var known = offset else { return nil }
        let most = passed * Self.slew
        known += min(max(target - known, -most), most)
        offset = known
        return ticks(Double(extended) + known)
    }

    /// All times are later by so many seconds from now on.
    mutating func shift(by seconds: Double) {
        guard let known = offset else { return }
        offset = known + (seconds * clockRate).rounded()
        target += (seconds * clockRate).rounded()
    }

    /// In clock units.
    func ticks(ofSeconds seconds: Double) -> Int64 { ticks(seconds * clockRate) }

    func seconds(ofTicks ticks: Int64) -> Double { Double(ticks) / clockRate }

    private mutating func place(at told: Double) {
        offset = told.rounded()
        target = told.rounded()
    }

    private func ticks(_ value: Double) -> Int64 {
        // Beyond what any clock counts to: reports are numbers like others.
        Int64(min(max(value.rounded(), -1e17), 1e17))
    }

    private func extended(_ timestamp: UInt32) -> Int64 {
        guard let newest else { return Int64(timestamp) }
        return newest.extended &+ Int64(Int32(bitPattern: timestamp &- newest.timestamp))
    }
}
