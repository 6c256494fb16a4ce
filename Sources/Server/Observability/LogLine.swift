import Logging

/// One event as one line of text or one JSON object, ended by a line feed.
///
/// Whatever a peer can put into a value stays inside it: quotes and control characters are escaped,
/// so that no camera name, user agent or error text can forge a second line.
struct LogLine {
    /// Milliseconds since 1970, UTC.
    var milliseconds: Int64
    var level: Logger.Level
    var message: String
    /// Those of the logger first, then those of the call; each key once.
    var metadata: [(key: String, value: Logger.MetadataValue)]

    /// `2026-11-21T10:00:00.123Z info camera up camera=gate codec=H.264`
    var text: String {
        var line = "\(Timestamp(milliseconds: milliseconds)) \(level.rawValue) \(message.printable)"
        for (key, value) in metadata {
            line += " \(key.printable.replacing(" ", with: "_"))=\(value.plain.quotedIfNeeded)"
        }
        return line + "\n"
    }

    /// `{"time":"2026-11-21T10:00:00.123Z","level":"info","message":"camera up","camera":"gate"}`
    var json: String {
        let time = Timestamp(milliseconds: milliseconds).description
        var line = "{\"time\":\(time.jsonString),\"level\":\"\(level.rawValue)\",\"message\":\(message.jsonString)"
        for (key, value) in metadata {
            let isTaken = ["time", "level", "message"].contains(key)
            line += ",\((isTaken ? key + "_" : key).jsonString):\(value.json)"
        }
        return line + "}\n"
    }
}

/// A moment in UTC as RFC 3339 has it, to the millisecond.
struct Timestamp: CustomStringConvertible {
    var milliseconds: Int64

    /// `2026-11-21T10:00:00.123Z`
    var description: String {
        let (days, inDay) = Self.divide(milliseconds, by: 86_400_000)
        let (year, month, day) = Self.date(daysSince1970: days)
        let (seconds, thousandths) = Self.divide(inDay, by: 1000)
        let date = "\(Self.pad(year, 4))-\(Self.pad(month, 2))-\(Self.pad(day, 2))"
        let clock = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { Self.pad($0, 2) }.joined(separator: ":")
        return "\(date)T\(clock).\(Self.pad(thousandths, 3))Z"
    }

    /// The civil calendar, counted from the first of March of year 0 in eras of 400 years.
    private static func date(daysSince1970 days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = divide(days + 719_468, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    /// Rounds down, also below zero.
    private static func divide(_ value: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    private static func pad(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

extension Logger.MetadataValue {
    /// Strings as they are, lists and dictionaries as JSON.
    fileprivate var plain: String {
        switch self {
        case .string(let string): string
        case .stringConvertible(let value): value.description
        case .array, .dictionary: json
        }
    }

    fileprivate var json: String {
        switch self {
        case .string(let string):
            return string.jsonString
        case .stringConvertible(let value):
            return value.description.jsonString
        case .array(let values):
            return "[" + values.map(\.json).joined(separator: ",") + "]"
        case .dictionary(let values):
            let pairs = values.sorted { $0.key < $1.key }.map { "\($0.key.jsonString):\($0.value.json)" }
            return "{" + pairs.joined(separator: ",") + "}"
        }
    }
}

extension String {
    /// In quotes where a space, a quote, a backslash, an equals sign or nothing at all would make it unclear.
    fileprivate var quotedIfNeeded: String {
        let isClear =
            !isEmpty
            && unicodeScalars.allSatisfy { scalar in
                !scalar.isUnprintable && scalar != " " && scalar != "\"" && scalar != "\\" && scalar != "="
            }
        return isClear ? self : jsonString
    }

    /// A JSON string (RFC 8259 §7), with every character that could move a cursor as `\u`.
    fileprivate var jsonString: String {
        var result = "\""
        for scalar in unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.isUnprintable:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
