import NIOCore

extension TimeAmount {
    /// The nearest whole microsecond: what a playlist tells of durations.
    var inMicroseconds: TimeAmount {
        .microseconds((nanoseconds + (nanoseconds < 0 ? -500 : 500)) / 1000)
    }

    /// As seconds with six decimals: `2.000000`; 0 for what is negative.
    var decimalSeconds: String {
        let microseconds = max(inMicroseconds.nanoseconds / 1000, 0)
        return "\(microseconds / 1_000_000).\((microseconds % 1_000_000).padded(to: 6))"
    }

    /// The nearest whole second, a half up: what a target duration is compared with (RFC 8216bis §4.4.3.1).
    var nearestSecond: Int {
        Int((inMicroseconds.nanoseconds + 500_000_000) / 1_000_000_000)
    }

    /// The next whole second.
    var secondsRoundedUp: Int {
        Int((nanoseconds + 999_999_999) / 1_000_000_000)
    }

    /// As a number of seconds.
    var asSeconds: Double {
        Double(nanoseconds) / 1e9
    }
}

extension Int64 {
    /// Digits with zeros in front.
    fileprivate func padded(to count: Int) -> String {
        let digits = String(self)
        return String(repeating: "0", count: Swift.max(count - digits.count, 0)) + digits
    }
}

/// A moment as ISO 8601 has it: `2026-11-21T23:36:57.123Z` (RFC 8216bis §4.4.4.6).
struct PlaylistDate: Sendable, Hashable, CustomStringConvertible {
    /// Nanoseconds since 1970.
    var nanoseconds: Int64

    var description: String {
        let milliseconds = nanoseconds.quotient(1_000_000)
        let seconds = milliseconds.quotient(1000)
        let days = seconds.quotient(86_400)
        let time = seconds - days * 86_400
        let (year, month, day) = Self.date(ofDay: days)
        let clock = [time / 3600, time / 60 % 60, time % 60].map { $0.padded(to: 2) }.joined(separator: ":")
        let fraction = (milliseconds - seconds * 1000).padded(to: 3)
        return "\(year.padded(to: 4))-\(month.padded(to: 2))-\(day.padded(to: 2))T\(clock).\(fraction)Z"
    }

    /// The day of the Gregorian calendar, so many days after the first of 1970. Years begin in March here, so that the day
    /// of a leap year comes last.
    private static func date(ofDay days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = shifted.quotient(146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}

extension Int64 {
    /// Division that rounds down, for moments before 1970 as well.
    fileprivate func quotient(_ divisor: Int64) -> Int64 {
        self >= 0 ? self / divisor : -((-self + divisor - 1) / divisor)
    }
}
