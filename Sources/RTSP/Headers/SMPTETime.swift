/// How the frames of an SMPTE time are counted (RFC 2326 §3.5).
package enum SMPTEFormat: String, Sendable, Hashable, CaseIterable {
    /// The same as `drop30`, under its short name.
    case unnamed = "smpte"
    /// 30 000 frames in 1001 seconds, numbered as if there were 30 a second: the numbers 00 and 01 are left out at the beginning of
    /// each minute but every tenth, so that ten minutes are 17 982 frames.
    case drop30 = "smpte-30-drop"
    case frames25 = "smpte-25"

    /// The numbers that frames of a second may have.
    fileprivate var numbers: Int64 { self == .frames25 ? 25 : 30 }

    /// Hundredths of a frame are `microseconds.of` microseconds in `microseconds.are`.
    fileprivate var microseconds: (of: Int64, are: Int64) { self == .frames25 ? (400, 1) : (1001, 3) }

    fileprivate var dropsNumbers: Bool { self != .frames25 }
}

/// A time since the beginning of a clip, in hundredths of a frame (RFC 2326 §3.5).
///
///     10:07:33            hours, minutes, seconds
///     10:07:33:05.01      and frames, and hundredths of them
package struct SMPTETime: Sendable, Hashable {
    package let format: SMPTEFormat
    /// Since the beginning, 0…40 000 000 000: frames that there are, not their numbers.
    package let hundredths: Int64

    private static let framesInTenMinutes: Int64 = 17_982
    /// The first minute of ten leaves out no number, the other nine two.
    private static let framesInMinute: Int64 = 1798

    /// The time that is written as `text`; `nil` for what is none. Frame 00 or 01 where these numbers are left out is the first frame
    /// of that minute: the RFC itself writes `10:07:00`.
    package init?(_ text: Substring, format: SMPTEFormat) {
        let pieces = text.split(separator: ".", omittingEmptySubsequences: false)
        guard pieces.count <= 2, let fields = pieces.first?.split(separator: ":", omittingEmptySubsequences: false),
            fields.count == 3 || fields.count == 4
        else { return nil }
        let numbers = (fields + pieces.dropFirst()).compactMap(Self.number)
        guard numbers.count == fields.count + pieces.count - 1 else { return nil }
        let (hour, minute, second) = (numbers[0], numbers[1], numbers[2])
        let frame = fields.count == 4 ? numbers[3] : 0
        guard minute < 60, second < 60, frame < format.numbers else { return nil }
        let hundredth = pieces.count == 2 ? numbers[fields.count] : 0
        let minutes = hour * 60 + minute
        var count = (minutes * 60 + second) * format.numbers + frame
        var part = hundredth
        if format.dropsNumbers {
            count -= 2 * (minutes - minutes / 10)
            if minute % 10 != 0, second == 0, frame < 2 {
                count += 2 - frame
                part = 0
            }
        }
        self.format = format
        hundredths = count * 100 + part
    }

    /// The moment closest to `microseconds` since the beginning; `nil` for those that two digits of hours do not reach.
    package init?(microseconds: Int64, format: SMPTEFormat) {
        let (of, are) = format.microseconds
        let (product, isTooLarge) = max(0, microseconds).multipliedReportingOverflow(by: are)
        guard !isTooLarge else { return nil }
        let hundredths = product / of + (product % of * 2 >= of ? 1 : 0)
        guard Self.numbered(hundredths / 100, in: format) < 100 * 3600 * format.numbers else { return nil }
        self.format = format
        self.hundredths = hundredths
    }

    /// Since the beginning, rounded to the nearest one.
    package var microseconds: Int64 {
        let (of, are) = format.microseconds
        return (hundredths * of * 2 + are) / (are * 2)
    }

    /// `10:07:33:05`, with hundredths where there are any.
    package var serialized: String {
        let number = Self.numbered(hundredths / 100, in: format)
        let seconds = number / format.numbers
        let fields = [seconds / 3600, seconds / 60 % 60, seconds % 60, number % format.numbers]
        let text = fields.map(Self.twoDigits).joined(separator: ":")
        return hundredths % 100 == 0 ? text : text + "." + Self.twoDigits(hundredths % 100)
    }

    /// The frame's place among all numbers, those that are left out as well.
    private static func numbered(_ frame: Int64, in format: SMPTEFormat) -> Int64 {
        guard format.dropsNumbers else { return frame }
        let (tens, rest) = frame.quotientAndRemainder(dividingBy: framesInTenMinutes)
        return frame + 18 * tens + (rest < 1800 ? 0 : 2 * ((rest - 1800) / framesInMinute + 1))
    }

    /// One digit or two.
    private static func number(_ text: Substring) -> Int64? {
        text.utf8.count <= 2 ? text.number() : nil
    }

    private static func twoDigits(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
