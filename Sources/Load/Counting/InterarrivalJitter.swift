/// The smoothed difference of spacing at the sender and here (RFC 3550 §6.4.1), in nanoseconds.
package struct InterarrivalJitter: Sendable {
    /// Nanoseconds; zero until the second packet.
    package private(set) var nanoseconds = 0.0

    /// A step of the sender's clock larger than this is a jump, not jitter.
    private static let mostDifference = 5e9

    private var last: (timestamp: UInt32, arrival: UInt64)?

    package init() {}

    /// Counts one packet: `timestamp` in units of `clockRate` Hz, `arrival` in nanoseconds of any clock that only rises.
    package mutating func receive(timestamp: UInt32, clockRate: Int, arrival: UInt64) {
        defer { last = (timestamp, arrival) }
        guard clockRate > 0, let last else { return }
        let sent = Double(Int32(bitPattern: timestamp &- last.timestamp)) * 1e9 / Double(clockRate)
        let received = Double(Int64(bitPattern: arrival &- last.arrival))
        let difference = (received - sent).magnitude
        guard difference < Self.mostDifference else { return }
        nanoseconds += (difference - nanoseconds) / 16
    }
}
