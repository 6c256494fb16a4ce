/// Where an NPT range begins: the live point, or seconds from the beginning (RFC 2326 §3.6).
package enum NPTTime: Sendable, Hashable {
    case now
    case seconds(Double)
}

/// The Range header (RFC 2326 §12.29).
///
///     npt=0.000-       npt=now-       npt=1:02:03.5-3800
///     clock=20260801T100000Z-20260801T110000Z
///     smpte-25=10:07:33:05.01-
package enum RangeHeader: Sendable, Hashable {
    /// `end` in seconds; `nil` = open.
    case npt(start: NPTTime, end: Double?)
    /// The times as written (RFC 2326 §3.7); `end` is `nil` = open.
    case clock(start: String, end: String?)
    /// Both in the same format (RFC 2326 §3.5); `end` is `nil` = open.
    case smpte(start: SMPTETime, end: SMPTETime?)

    /// From the beginning or the live point on: `npt=0.000-`, without which some cameras refuse PLAY (quirk F9).
    package static let fromTheBeginning = RangeHeader.npt(start: .seconds(0), end: nil)

    /// `nil` for a unit or times that cannot be read; a `time=` behind the range is passed over.
    package static func parse(_ header: String) -> RangeHeader? {
        guard let range = header[...].parts(separatedBy: UInt8(ascii: ";")).first else { return nil }
        guard case (let unit, let value?) = range.nameAndValue else { return nil }
        guard let dash = value.utf8.firstIndex(of: UInt8(ascii: "-")) else { return nil }
        let start = value[..<dash].trimmed
        let end = value[value.utf8.index(after: dash)...].trimmed
        if unit.isSameToken(as: "clock") {
            return start.isEmpty ? nil : .clock(start: String(start), end: end.isEmpty ? nil : String(end))
        }
        if let format = SMPTEFormat.allCases.first(where: { unit.isSameToken(as: $0.rawValue) }) {
            return smpte(start, end, format)
        }
        guard unit.isSameToken(as: "npt"), !(start.isEmpty && end.isEmpty) else { return nil }
        return npt(start, end)
    }

    /// `-20` begins where the presentation begins.
    private static func npt(_ start: Substring, _ end: Substring) -> RangeHeader? {
        var endSeconds: Double?
        if !end.isEmpty {
            guard let seconds = seconds(in: end) else { return nil }
            endSeconds = seconds
        }
        if start.isSameToken(as: "now") { return .npt(start: .now, end: endSeconds) }
        if start.isEmpty { return .npt(start: .seconds(0), end: endSeconds) }
        return seconds(in: start).map { .npt(start: .seconds($0), end: endSeconds) }
    }

    private static func smpte(_ start: Substring, _ end: Substring, _ format: SMPTEFormat) -> RangeHeader? {
        guard let start = SMPTETime(start, format: format) else { return nil }
        if end.isEmpty { return .smpte(start: start, end: nil) }
        return SMPTETime(end, format: format).map { .smpte(start: start, end: $0) }
    }

    /// `12.5` or `hh:mm:ss.frac`, at most ten digits to a part: no number that could overflow a time.
    private static func seconds(in text: Substring) -> Double? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 1 || parts.count == 3, let last = parts.last else { return nil }
        var whole = 0.0
        for part in parts.dropLast() {
            guard part.utf8.count <= 10, let number = part.number(Int.self) else { return nil }
            whole = (whole + Double(number)) * 60
        }
        let pieces = last.split(separator: ".", omittingEmptySubsequences: false)
        guard pieces.count <= 2, !pieces[0].isEmpty, pieces[0].utf8.count <= 10 else { return nil }
        guard last.utf8.allSatisfy({ $0.isDigit || $0 == UInt8(ascii: ".") }), last.utf8.count <= 30 else { return nil }
        let digits = pieces.count == 2 && pieces[1].isEmpty ? last.dropLast() : last
        return Double(digits).map { whole + $0 }
    }

    /// The value as it goes on the wire; seconds with three decimals.
    package var serialized: String {
        switch self {
        case .npt(.now, let end): "npt=now-\(end.map(Self.decimal) ?? "")"
        case .npt(.seconds(let start), let end): "npt=\(Self.decimal(start))-\(end.map(Self.decimal) ?? "")"
        case .clock(let start, let end): "clock=\(start)-\(end ?? "")"
        case .smpte(let start, let end): "\(start.format.rawValue)=\(start.serialized)-\(end?.serialized ?? "")"
        }
    }

    private static func decimal(_ seconds: Double) -> String {
        let bounded = seconds.isFinite ? min(max(seconds, 0), 1e12) : 0
        let milliseconds = Int((bounded * 1000).rounded())
        let fraction = String(milliseconds % 1000)
        return "\(milliseconds / 1000).\(String(repeating: "0", count: 3 - fraction.utf8.count))\(fraction)"
    }
}
