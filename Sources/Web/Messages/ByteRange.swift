/// Which bytes of a representation are asked for (RFC 9110 §14).
///
///     Range: bytes=0-499        bytes=9500-        bytes=-500
package enum ByteRange: Sendable, Hashable {
    /// All of them: nothing was asked for that is understood, and several ranges at once are answered by the whole (§14.2).
    case whole
    /// Not empty, and inside.
    case part(Range<Int64>)
    /// There is nothing of what was asked for: 416.
    case unsatisfiable

    /// Reads the fields of that name; `size` is that of the whole, in bytes.
    package init(parsing fields: [String], of size: Int64) {
        self = .whole
        guard fields.count == 1, let text = fields.first, let equals = text.firstIndex(of: "="),
            Self.trimmed(text[..<equals]).lowercased() == "bytes"
        else { return }
        let set = Self.trimmed(text[text.index(after: equals)...])
        guard !set.contains(","), let dash = set.firstIndex(of: "-") else { return }
        let (first, last) = (set[..<dash], set[set.index(after: dash)...])
        guard !first.isEmpty else {
            // The last so many bytes.
            guard let count = Self.number(last) else { return }
            self = count == 0 || size == 0 ? .unsatisfiable : .part(max(0, size - count)..<size)
            return
        }
        guard let begin = Self.number(first) else { return }
        var end = Int64.max
        if !last.isEmpty {
            guard let number = Self.number(last), number >= begin else { return }
            end = number
        }
        self = begin >= size ? .unsatisfiable : .part(begin..<(min(end, size - 1) + 1))
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let head = text.drop { $0 == " " || $0 == "\t" }
        return head.last.map { $0 == " " || $0 == "\t" } == true
            ? head[...(head.lastIndex { $0 != " " && $0 != "\t" } ?? head.startIndex)] : head
    }

    /// Digits alone; what is too large for any file is the largest number there is.
    private static func number(_ text: Substring) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return Int64(text) ?? .max
    }
}
