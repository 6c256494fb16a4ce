/// An RTP timestamp: 32 bits of the media clock that wrap, every 13 hours at 90 kHz (RFC 3550 §5.1, quirk K6).
package struct RTPTimestamp: Sendable, Hashable {
    package var rawValue: UInt32

    package init(_ rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Clock units from `other` to this one, negative where this one is earlier: -2³¹…2³¹-1.
    package func distance(from other: RTPTimestamp) -> Int {
        Int(Int32(bitPattern: rawValue &- other.rawValue))
    }

    /// The timestamp `units` of the media clock later, or earlier where `units` is negative.
    package func advanced(by units: Int) -> RTPTimestamp {
        RTPTimestamp(rawValue &+ UInt32(truncatingIfNeeded: units))
    }
}
