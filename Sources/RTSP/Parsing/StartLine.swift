import NIOCore

/// The first line of a message (RFC 2326 §6.1, §7.1).
///
///     DESCRIBE rtsp://host/path RTSP/1.0
///     RTSP/1.0 200 OK
enum StartLine: Sendable, Hashable {
    case request(method: RTSPMethod, uri: String, version: String)
    case response(RTSPStatus)

    /// `line` without its line end; `nil` if it is neither of the two.
    init?(_ line: ByteBufferView) {
        let line = line.trimmedBlanks
        if line.starts(with: "RTSP/".utf8) {
            guard let status = Self.status(of: line) else { return nil }
            self = .response(status)
        } else {
            guard let request = Self.request(in: line) else { return nil }
            self = request
        }
    }

    /// Cameras leave out the reason, and the space before it too (quirk A3).
    private static func status(of line: ByteBufferView) -> RTSPStatus? {
        guard let versionEnd = line.firstIndex(where: \.isBlank) else { return nil }
        guard line[..<versionEnd].isProtocolVersion else { return nil }
        let rest = line[versionEnd...].trimmedBlanks
        let digits = rest.prefix { !$0.isBlank }
        guard digits.count == 3, digits.allSatisfy(\.isDigit) else { return nil }
        let code = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        guard (100...599).contains(code) else { return nil }
        let reason = rest[digits.endIndex...].trimmedBlanks
        return RTSPStatus(code: code, reason: String(decoding: reason, as: UTF8.self))
    }

    /// The URI is what stands between the first and the last blank: some clients write raw spaces into it.
    private static func request(in line: ByteBufferView) -> StartLine? {
        guard let methodEnd = line.firstIndex(where: \.isBlank), let lastBlank = line.lastIndex(where: \.isBlank) else {
            return nil
        }
        let method = line[..<methodEnd]
        let version = line[line.index(after: lastBlank)...]
        let uri = line[methodEnd...lastBlank].trimmedBlanks
        guard method.allSatisfy(\.isTokenByte), version.isProtocolVersion else { return nil }
        guard !uri.isEmpty, !uri.contains(where: \.isControl) else { return nil }
        return .request(
            method: RTSPMethod(rawValue: String(decoding: method, as: UTF8.self)),
            uri: String(decoding: uri, as: UTF8.self),
            version: String(decoding: version, as: UTF8.self)
        )
    }
}

extension ByteBufferView {
    var trimmedBlanks: ByteBufferView {
        guard let first = firstIndex(where: { !$0.isBlank }), let last = lastIndex(where: { !$0.isBlank }) else {
            return self[endIndex...]
        }
        return self[first...last]
    }

    /// `RTSP/1.0`, `HTTP/1.1`: letters, a slash, digits with at most one dot.
    fileprivate var isProtocolVersion: Bool {
        guard let slash = firstIndex(of: UInt8(ascii: "/")), slash > startIndex else { return false }
        let number = self[index(after: slash)...]
        return self[..<slash].allSatisfy(\.isLetter)
            && number.first?.isDigit == true && number.last?.isDigit == true
            && number.allSatisfy { $0.isDigit || $0 == UInt8(ascii: ".") }
            && number.reduce(0) { $0 + ($1.isDigit ? 0 : 1) } <= 1
    }
}

extension UInt8 {
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D

    var isBlank: Bool { self == 0x20 || self == 0x09 }
    var isControl: Bool { self < 0x20 || self == 0x7F }
    var isDigit: Bool { self >= 0x30 && self <= 0x39 }
    var isLetter: Bool { (self | 0x20) >= 0x61 && (self | 0x20) <= 0x7A }

    /// A byte of a token (RFC 2326 §15.1): visible ASCII without the separators.
    var isTokenByte: Bool {
        if isDigit || isLetter { return true }
        return switch self {
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
