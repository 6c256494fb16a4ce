/// An RTP sequence number: 16 bits that wrap (RFC 3550 §5.1).
///
/// It has no order of its own, only a distance to another one; `<` would not be transitive across the wrap.
package struct SequenceNumber: Sendable, Hashable {
    package var rawValue: UInt16

    package init(_ rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// How many packets this one is behind (positive) or before (negative) `other`: -32768…32767 (quirk G7).
    package func distance(from other: SequenceNumber) -> Int {
        Int(Int16(bitPattern: rawValue &- other.rawValue))
    }

    /// The number `count` packets later, or earlier where `count` is negative.
    package func advanced(by count: Int) -> SequenceNumber {
        SequenceNumber(rawValue &+ UInt16(truncatingIfNeeded: count))
    }
}
