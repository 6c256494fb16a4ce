/// Which moment a timestamp of one track stands for: the line through timestamps and arrival times, from which sender reports are made.
///
/// Arrival is late by whatever the network and the camera's encoder hold back, never early: the line follows early packets fast
/// and late ones slowly. A step of more than a second is a new line.
struct TrackClock: Sendable {
    private static let stepNanoseconds = 1_000_000_000.0

    private let nanosecondsPerTick: Double
    private var reference: (timestamp: UInt32, nanoseconds: Double)?
    /// The same line by the source's own sender reports: nanoseconds of the source's wall clock.
    private var senderReference: (timestamp: UInt32, nanoseconds: Double)?

    /// `clockRate` in Hz, at least 1.
    init(clockRate: Int) {
        nanosecondsPerTick = 1e9 / Double(max(clockRate, 1))
    }

    /// A packet with that outgoing timestamp arrived at `nanoseconds` of a monotonic clock.
    mutating func received(_ timestamp: UInt32, at nanoseconds: Double) {
        guard let known = reference else {
            reference = (timestamp, nanoseconds)
            return
        }
        let predicted = known.nanoseconds + span(from: known.timestamp, to: timestamp)
        let error = nanoseconds - predicted
        if abs(error) > Self.stepNanoseconds {
            reference = (timestamp, nanoseconds)
        } else {
            reference = (timestamp, predicted + (error < 0 ? error / 4 : error / 1000))
        }
    }

    /// The source says that `timestamp` (as viewers see it) was taken at `nanoseconds` of its own clock.
    mutating func senderReported(_ timestamp: UInt32, at nanoseconds: Double) {
        senderReference = (timestamp, nanoseconds)
    }

    /// What the source said no longer holds.
    mutating func sourceEnded() {
        senderReference = nil
    }

    /// When `timestamp` was taken, on the monotonic clock, judged by arrival.
    func arrivalTime(of timestamp: UInt32) -> Double? {
        reference.map { $0.nanoseconds + span(from: $0.timestamp, to: timestamp) }
    }

    /// When `timestamp` was taken, on the source's clock.
    func senderTime(of timestamp: UInt32) -> Double? {
        senderReference.map { $0.nanoseconds + span(from: $0.timestamp, to: timestamp) }
    }

    private func span(from earlier: UInt32, to later: UInt32) -> Double {
        Double(Int32(bitPattern: later &- earlier)) * nanosecondsPerTick
    }
}
