/// Where a stream is found: `gate`, `gate/sub`; segments without leading or trailing slash.
package struct StreamPath: Sendable, Hashable {
    package let rawValue: String

    /// `nil` for an empty path, an empty or a dot segment, a control character, or more than 1024 bytes;
    /// slashes at both ends are taken off.
    package init?(_ text: String) {
        let segments = text.split(separator: "/", omittingEmptySubsequences: true)
        guard !segments.isEmpty, text.utf8.count <= 1024 else { return nil }
        guard !segments.contains("."), !segments.contains("..") else { return nil }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else { return nil }
        rawValue = segments.joined(separator: "/")
    }
}

extension StreamPath: CustomStringConvertible {
    package var description: String { rawValue }
}
