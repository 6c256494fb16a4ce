/// Which moment a timestamp of one track stands for, in nanoseconds of stream time: what sender reports tell.
///
/// Receivers place every picture and sound by the last report (ffmpeg to the tick), so the line that is told is stiff: it follows
/// what is known of the track by a few milliseconds a report, and jumps only when the track is out of step with the others; never
/// backwards, for nobody can play a moment twice.
struct TrackClock: Sendable {
    /// The line told moves by at most this much a report.
    private static let slew = 5_000_000.0
    /// All tracks too early or too late by no more than this are left alone, a slow first picture for instance: ffmpeg puts pictures
    /// on a grid, and one that moves a hair across a line falls on its neighbour.
    private static let sharedTolerance = 250_000_000.0
    /// So is one track out of step with the others by no more than this, which nobody hears.
    private static let ownTolerance = 10_000_000.0
    /// Beyond this it is set anew.
    private static let step = 500_000_000.0
    /// Of what a packet is late, this part is taken for drift of the source's clock and not for jitter.
    private static let drift = 0.001

    /// A network that stalls makes everything late for a moment; what stays late for so long is a source that stood still.
    private static let patience = 5_000_000_000.0

    private struct Point: Sendable {
        var timestamp: UInt32
        var nanoseconds: Double
    }

    private let nanosecondsPerTick: Double
    /// By arrival: late by what network and encoder hold back, never early, so the earliest packets tell.
    private var arrival: Point?
    /// Arrival of the first packet that was late beyond use, when all since then were.
    private var lateSince: Double?
    /// By the source's own sender reports, on its wall clock.
    private var sender: Point?
    /// What was told.
    private var told: Point?

    /// `clockRate` in Hz, at least 1.
    init(clockRate: Int) {
        nanosecondsPerTick = 1e9 / Double(max(clockRate, 1))
    }

    /// A packet with that outgoing timestamp arrived at `nanoseconds` of stream time.
    mutating func received(_ timestamp: UInt32, at nanoseconds: Double) {
        guard let known = arrival else {
            arrival = Point(timestamp: timestamp, nanoseconds: nanoseconds)
            return
        }
        let predicted = time(of: timestamp, on: known)
        let lateness = nanoseconds - predicted
        if lateness > Self.step {
            let since = lateSince ?? nanoseconds
            lateSince = since
            guard nanoseconds - since > Self.patience else { return }
            lateSince = nil
            arrival = Point(timestamp: timestamp, nanoseconds: nanoseconds)
        } else {
            lateSince = nil
            arrival = Point(timestamp: timestamp, nanoseconds: predicted + min(lateness, lateness * Self.drift))
        }
    }

    /// The source says that `timestamp` (as viewers see it) was taken at `nanoseconds` of its own clock.
    mutating func senderReported(_ timestamp: UInt32, at nanoseconds: Double) {
        sender = Point(timestamp: timestamp, nanoseconds: nanoseconds)
    }

    /// What the source said no longer holds.
    mutating func sourceEnded() {
        sender = nil
    }

    /// When `timestamp` was taken, in stream time, judged by arrival.
    func arrivalTime(of timestamp: UInt32) -> Double? {
        arrival.map { time(of: timestamp, on: $0) }
    }

    /// When `timestamp` was taken, on the source's clock.
    func senderTime(of timestamp: UInt32) -> Double? {
        sender.map { time(of: timestamp, on: $0) }
    }

    /// What a report tells of `timestamp`, without moving the line.
    func toldTime(of timestamp: UInt32) -> Double? {
        told.map { time(of: timestamp, on: $0) }
    }

    /// By how many seconds `timestamp` comes later than the reports tell.
    func lag(of timestamp: UInt32) -> Double? {
        guard let arrival = arrivalTime(of: timestamp), let told = toldTime(of: timestamp) else { return nil }
        return (arrival - told) / 1e9
    }

    /// Something was told of this track.
    var isTold: Bool { told != nil }

    /// Tells `estimate` of `timestamp` from now on.
    mutating func tell(_ estimate: Double, of timestamp: UInt32) {
        told = Point(timestamp: timestamp, nanoseconds: estimate)
    }

    /// Moves the line told towards `estimate`, the best that is known of `timestamp`. `common` is the least by which any track of the
    /// stream is told too early: an error they share puts nothing out of step, and only what goes beyond it may jump, onwards.
    mutating func adjust(to estimate: Double, at timestamp: UInt32, common: Double) {
        let shared = abs(common) <= Self.sharedTolerance ? 0 : Self.slewed(common)
        guard let known = told else { return tell(estimate - common + shared, of: timestamp) }
        let predicted = time(of: timestamp, on: known)
        let own = estimate - predicted - common
        let correction = own > Self.step ? own : own > Self.ownTolerance ? Self.slewed(own) : 0
        tell(predicted + shared + correction, of: timestamp)
    }

    private static func slewed(_ error: Double) -> Double {
        min(max(error, -slew), slew)
    }

    private func time(of timestamp: UInt32, on line: Point) -> Double {
        line.nanoseconds + Double(Int32(bitPattern: timestamp &- line.timestamp)) * nanosecondsPerTick
    }
}
