/// Conversions between the clocks of a movie.
package enum MovieTime {
    /// Units a second of what the movie is presented in.
    package static let microseconds: UInt32 = 1_000_000

    /// `time` in units of `scale` to the second, told in units of `wanted` to the second, rounded to the nearest one; bounded at
    /// ±2^61 and no more than wrong where `scale` is 0.
    package static func convert(_ time: Int64, from scale: UInt32, to wanted: UInt32) -> Int64 {
        if scale == wanted { return time }
        let divisor = UInt64(max(1, scale))
        let product = time.magnitude.multipliedFullWidth(by: UInt64(wanted))
        let (low, carry) = product.low.addingReportingOverflow(divisor / 2)
        let high = product.high + (carry ? 1 : 0)
        guard high < divisor else { return time < 0 ? -(1 << 61) : 1 << 61 }
        let quotient = divisor.dividingFullWidth((high, low)).quotient
        let bounded = Int64(min(quotient, 1 << 61))
        return time < 0 ? -bounded : bounded
    }

    /// Seconds since 1970 of a date that movies tell: since 1904, or since 1970 by writers that do not know; `nil` for 0, and
    /// beyond the year 9999.
    static func date(_ value: Int64?) -> Int64? {
        guard let value, value > 0 else { return nil }
        let since1904: Int64 = 2_082_844_800
        let date = value >= since1904 ? value - since1904 : value
        return date <= 253_402_300_799 ? date : nil
    }
}
