/// A wall clock time of RTCP: seconds since 1900 as 32.32 bit fixed point (RFC 3550 §4).
package struct NTPTime: Sendable, Hashable {
    /// Seconds in the upper, 2⁻³² seconds in the lower half.
    package var rawValue: UInt64

    /// Seconds from 1 January 1900 to 1 January 1970.
    private static let unixEpoch: Int64 = 2_208_988_800

    package init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// Seconds and nanoseconds (0–999 999 999) since the Unix epoch; the era wraps in 2036, as on the wire.
    package init(unixSeconds: Int64, nanoseconds: Int64 = 0) {
        let seconds = UInt64(truncatingIfNeeded: unixSeconds &+ Self.unixEpoch)
        let fraction = UInt64(max(0, min(nanoseconds, 999_999_999))) << 32 / 1_000_000_000
        self.init(rawValue: seconds << 32 | fraction)
    }

    /// Nanoseconds since the Unix epoch, as a wall clock gives them.
    package init(unixNanoseconds: Int64) {
        let (seconds, rest) = unixNanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        self.init(
            unixSeconds: rest < 0 ? seconds - 1 : seconds,
            nanoseconds: rest < 0 ? rest + 1_000_000_000 : rest
        )
    }

    /// Nanoseconds since the Unix epoch, rounded to the nearest.
    package var unixNanoseconds: Int64 {
        let seconds = Int64(rawValue >> 32) - Self.unixEpoch
        let nanoseconds = ((rawValue & 0xFFFF_FFFF) * 1_000_000_000 + 1 << 31) >> 32
        return seconds * 1_000_000_000 + Int64(nanoseconds)
    }

    /// The middle 32 bits: what a report block echoes as LSR (RFC 3550 §6.4.1).
    package var middle32: UInt32 {
        UInt32(truncatingIfNeeded: rawValue >> 16)
    }
}
