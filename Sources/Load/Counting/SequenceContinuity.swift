import RTP

/// What became of the packets of one track by their sequence numbers (RFC 3550 §5.1), which wrap.
package struct SequenceContinuity: Sendable {
    /// Numbers that never came, so far.
    package private(set) var lost = 0
    /// Packets that came behind a later one.
    package private(set) var reordered = 0
    /// Packets that came twice.
    package private(set) var duplicates = 0

    /// Further back than this a number is no late packet: the sender began anew.
    private static let mostMisorder = 1000

    private var highest = SequenceNumber(0)
    private var source: UInt32?
    /// Bit n: the packet n before the highest came.
    private var seen: UInt64 = 0

    package init() {}

    /// Counts one packet; another `source` (SSRC) is a new run of numbers, in which nothing is lost yet.
    package mutating func receive(_ number: UInt16, source: UInt32) {
        let number = SequenceNumber(number)
        guard self.source == source else { return begin(with: number, source: source) }
        let distance = number.distance(from: highest)
        if distance > 0 {
            lost += distance - 1
            seen = distance < UInt64.bitWidth ? seen << UInt64(distance) | 1 : 1
            highest = number
        } else if distance < -Self.mostMisorder {
            reordered += 1
            begin(with: number, source: source)
        } else {
            receiveLate(by: -distance)
        }
    }

    private mutating func begin(with number: SequenceNumber, source: UInt32) {
        self.source = source
        highest = number
        // Nothing before the first packet was ever expected: what comes from there is late and fills no gap.
        seen = .max
    }

    private mutating func receiveLate(by distance: Int) {
        // Too far back to know whether it filled a gap: then the loss stays.
        guard distance < UInt64.bitWidth else { return reordered += 1 }
        let bit: UInt64 = 1 << UInt64(distance)
        if seen & bit != 0 {
            duplicates += 1
        } else {
            seen |= bit
            reordered += 1
            lost -= 1
        }
    }
}
