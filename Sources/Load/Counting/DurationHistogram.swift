/// How often durations of each length came, in bounded memory: percentiles are right within 2 %, the largest exactly.
package struct DurationHistogram: Sendable {
    /// Steps an octave is divided into.
    private static let steps = 64
    private static let stepBits = 6
    /// Durations of 2⁴² ns, more than an hour, share the last step.
    private static let octaves = 42 - stepBits

    /// How many durations were counted.
    package private(set) var count = 0
    /// Nanoseconds.
    package private(set) var largest: UInt64 = 0
    private var counts = [Int](repeating: 0, count: steps * (octaves + 1))

    package init() {}

    /// Counts one duration of that many nanoseconds.
    package mutating func record(_ nanoseconds: UInt64) {
        counts[Self.index(of: nanoseconds)] += 1
        count += 1
        largest = max(largest, nanoseconds)
    }

    /// Counts what another one counted.
    package mutating func add(_ other: DurationHistogram) {
        for index in counts.indices { counts[index] += other.counts[index] }
        count += other.count
        largest = max(largest, other.largest)
    }

    /// The nanoseconds that a `share` of 0 to 1 of the durations does not exceed; `nil` where none was counted.
    package func percentile(_ share: Double) -> UInt64? {
        guard count > 0 else { return nil }
        let rank = max(1, Int((share * Double(count)).rounded(.up)))
        var passed = 0
        for (index, number) in counts.enumerated() {
            passed += number
            if passed >= rank { return min(Self.middle(of: index), largest) }
        }
        return largest
    }

    /// Below 64 ns each nanosecond has a step; above, the six bits behind the leading one tell the step.
    private static func index(of nanoseconds: UInt64) -> Int {
        guard nanoseconds >= UInt64(steps) else { return Int(nanoseconds) }
        let octave = UInt64.bitWidth - 1 - nanoseconds.leadingZeroBitCount - stepBits
        guard octave < octaves else { return steps * (octaves + 1) - 1 }
        return steps * (octave + 1) + Int(nanoseconds >> UInt64(octave)) - steps
    }

    private static func middle(of index: Int) -> UInt64 {
        guard index >= steps else { return UInt64(index) }
        let octave = UInt64(index / steps - 1)
        return UInt64(index % steps + steps) << octave + (1 << octave) / 2
    }
}
