/// The lexical rules of header values (RFC 2326 §15.1), as devices bend them: bytes, not characters, are compared.
extension Substring {
    /// Without white space around it.
    var trimmed: Substring {
        let isSpace: (UInt8) -> Bool = { $0.isBlank || $0 == .carriageReturn || $0 == .lineFeed }
        guard let first = utf8.firstIndex(where: { !isSpace($0) }), let last = utf8.lastIndex(where: { !isSpace($0) })
        else { return self[endIndex...] }
        return self[first...last]
    }

    /// The trimmed, non-empty parts between separators that stand outside of quotes.
    func parts(separatedBy separator: UInt8) -> [Substring] {
        var parts: [Substring] = []
        var start = startIndex
        var isQuoted = false
        var isEscaped = false
        for index in utf8.indices {
            let byte = utf8[index]
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = isQuoted
            } else if byte == UInt8(ascii: "\"") {
                isQuoted.toggle()
            } else if byte == separator, !isQuoted {
                parts.append(self[start..<index].trimmed)
                start = utf8.index(after: index)
            }
        }
        parts.append(self[start...].trimmed)
        return parts.filter { !$0.isEmpty }
    }

    /// `name = value` as its two trimmed halves; without `=` there is no value.
    var nameAndValue: (name: Substring, value: Substring?) {
        guard let equals = utf8.firstIndex(of: UInt8(ascii: "=")) else { return (trimmed, nil) }
        return (self[..<equals].trimmed, self[utf8.index(after: equals)...].trimmed)
    }
}

extension StringProtocol {
    /// Equal but for the case of ASCII letters.
    func isSameToken(as other: some StringProtocol) -> Bool {
        utf8.count == other.utf8.count
            && zip(utf8, other.utf8).allSatisfy { $0 == $1 || ($0 ^ $1 == 0x20 && $0.isLetter) }
    }

    /// Whether it begins so, but for the case of ASCII letters.
    func hasTokenPrefix(_ prefix: String) -> Bool {
        utf8.count >= prefix.utf8.count
            && zip(utf8, prefix.utf8).allSatisfy { $0 == $1 || ($0 ^ $1 == 0x20 && $0.isLetter) }
    }

    /// A quoted string without its quotes and escapes, anything else as it is; a missing last quote is forgiven.
    var unquoted: String {
        guard utf8.first == UInt8(ascii: "\"") else { return String(self) }
        var bytes: [UInt8] = []
        var isEscaped = false
        for byte in utf8.dropFirst() {
            if !isEscaped, byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if !isEscaped, byte == UInt8(ascii: "\"") {
                break
            } else {
                bytes.append(byte)
                isEscaped = false
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Decimal digits only, no sign; `nil` if there are none or the number is too large for the type.
    func number<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) -> Number? {
        guard !isEmpty, utf8.allSatisfy(\.isDigit) else { return nil }
        return Number(self)
    }
}
