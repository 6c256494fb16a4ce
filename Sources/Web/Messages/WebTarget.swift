/// The target of a request, taken apart (RFC 9112 §3.2, RFC 3986 §3).
///
///     /gate/sub/index.m3u8?_HLS_msn=12          http://relay:8888/gate/index.m3u8          *
package struct WebTarget: Sendable, Hashable {
    /// The segments of the path without their percent-encoding; none is empty, and `..` is a segment like any other.
    package let segments: [String]
    /// The path ended in a slash, or was empty.
    package let isFolder: Bool
    /// Names and values behind the `?`, without their encoding, in their order; an item that is badly encoded is left out.
    package let query: [QueryItem]
    /// As it came, without host and query: for the log.
    package let written: String

    /// One `name=value`.
    package struct QueryItem: Sendable, Hashable {
        package let name: String
        package let value: String
    }

    /// Longer paths are refused, in bytes.
    static let pathLimit = 4096
    /// Further items of a query are passed over.
    static let queryLimit = 64

    /// Takes the origin form, the absolute form, and `*`; `nil` for all else, for encodings that are none, and for paths that could be
    /// read in two ways: with control characters in them, or a slash or a backslash that was encoded.
    package init?(parsing text: String) {
        var rest = Substring(text)
        if let mark = rest.firstRange(of: "://"), ["http", "https"].contains(rest[..<mark.lowerBound].lowercased()) {
            let authority = rest[mark.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
            // RFC 9110 §4.2.1: without a host it is none.
            guard let first = authority.first, first != ":" else { return nil }
            rest = rest[authority.endIndex...]
        } else if rest != "*" {
            guard rest.first == "/" else { return nil }
        }
        rest = rest.prefix { $0 != "#" }
        let path = rest.prefix { $0 != "?" }
        guard path.utf8.count <= Self.pathLimit else { return nil }
        written = path.isEmpty ? "/" : String(path)
        isFolder = path.isEmpty || path.hasSuffix("/")
        query = Self.items(rest.dropFirst(path.count + 1))
        var segments: [String] = []
        for segment in path == "*" ? [] : path.split(separator: "/") {
            guard let decoded = Self.decode(segment), !decoded.utf8.contains(where: Self.isForbidden) else {
                return nil
            }
            segments.append(decoded)
        }
        self.segments = segments
    }

    /// The path without slashes at its ends.
    package var path: String { segments.joined(separator: "/") }

    /// The last value of that name.
    package func value(of name: String) -> String? { query.last { $0.name == name }?.value }

    private static func items(_ text: Substring) -> [QueryItem] {
        text.split(separator: "&").prefix(queryLimit).compactMap { item in
            let name = item.prefix { $0 != "=" }
            let value = item.dropFirst(name.count + 1)
            guard let name = decode(name), let value = decode(value) else { return nil }
            return QueryItem(name: name, value: value)
        }
    }

    private static func isForbidden(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == 0x7F || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\\")
    }

    /// `nil` where a `%` has no two digits behind it, or what comes of it is not UTF-8.
    private static func decode(_ text: Substring) -> String? {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        Character(Unicode.Scalar(byte)).hexDigitValue.map(UInt8.init)
    }
}
