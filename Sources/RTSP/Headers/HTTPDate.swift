/// A date of `Last-Modified` and `If-Modified-Since` (RFC 2326 §12.23, §12.24; RFC 2616 §3.3.1), to the second.
///
///     Sun, 06 Nov 1994 08:49:37 GMT     Sunday, 06-Nov-94 08:49:37 GMT     Sun Nov  6 08:49:37 1994
package struct HTTPDate: Sendable, Hashable {
    /// Seconds since 1970, UTC.
    package var unixSeconds: Int64

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let years = 1601...9999

    package init(unixSeconds: Int64) {
        self.unixSeconds = unixSeconds
    }

    /// Reads any of the three forms; `nil` for all else. The weekday is passed over, and so is what follows a `;`.
    package init?(parsing text: String) {
        let text = text.prefix { $0 != ";" }
        let words = text.split { " ,-".contains($0) }.map(String.init)
        guard words.count >= 5, words.count <= 6 else { return nil }
        // Of the form of C's asctime, the month is the second word and the year the last.
        let isC = Self.months.contains(words[1])
        let (day, month, year, time) =
            isC ? (words[2], words[1], words[4], words[3]) : (words[1], words[2], words[3], words[4])
        guard let day = day[...].number(Int.self), let month = Self.months.firstIndex(of: month),
            var year = year[...].number(Int.self)
        else { return nil }
        // Two digits mean the year nearest to when such dates were written.
        if year < 100 { year += year < 70 ? 2000 : 1900 }
        let clock = time.split(separator: ":", omittingEmptySubsequences: false).compactMap { $0.number(Int.self) }
        guard clock.count == 3, clock[0] < 24, clock[1] < 60, clock[2] <= 60, (1...31).contains(day),
            Self.years.contains(year)
        else { return nil }
        let days = Self.days(year: year, month: month + 1, day: day)
        unixSeconds = Int64(days * 86_400 + clock[0] * 3600 + clock[1] * 60 + clock[2])
    }

    /// In the first of the forms.
    package var serialized: String {
        let (weekday, day, month, year, time) = words
        return "\(weekday), \(day) \(month) \(year) \(time) GMT"
    }

    /// As the Common Log Format of web servers has it: `06/Nov/1994:08:49:37 +0000`.
    package var commonLog: String {
        let (_, day, month, year, time) = words
        return "\(day)/\(month)/\(year):\(time) +0000"
    }

    private var words: (weekday: String, day: String, month: String, year: Int, time: String) {
        let bounded = max(-11_000_000_000, min(unixSeconds, 253_402_300_799))
        let seconds = Int(((bounded % 86_400) + 86_400) % 86_400)
        let days = (Int(bounded) - seconds) / 86_400
        let (year, month, day) = Self.date(days: days)
        let weekday = Self.weekdays[((days % 7) + 7) % 7]
        let time = [seconds / 3600, seconds / 60 % 60, seconds % 60].map(Self.twoDigits).joined(separator: ":")
        return (weekday, Self.twoDigits(day), Self.months[month - 1], year, time)
    }

    private static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// Days since 1970 of a date of the Gregorian calendar, whose years are taken to begin in March.
    private static func days(year: Int, month: Int, day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return 365 * year + year / 4 - year / 100 + year / 400 + dayOfYear - 719_468
    }

    private static func date(days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let march = (5 * dayOfYear + 2) / 153
        let month = march < 10 ? march + 3 : march - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * march + 2) / 5 + 1)
    }
}
