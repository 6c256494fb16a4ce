/// What tells one state of a resource from another (RFC 9110 §8.8.3).
///
///     "5a3c"        W/"5a3c"
package struct EntityTag: Sendable, Hashable {
    /// Without quotes.
    package let opaque: String
    /// Equal ones stand for the same content, but maybe not for the same bytes.
    package let isWeak: Bool

    /// One of ours. What cannot stand between quotes, and quotes themselves, are left out.
    package init(_ opaque: String) {
        self.opaque = String(
            decoding: opaque.utf8.filter { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") }, as: UTF8.self)
        isWeak = false
    }

    private init(opaque: Substring, isWeak: Bool) {
        self.opaque = String(opaque)
        self.isWeak = isWeak
    }

    /// With quotes.
    package var serialized: String { isWeak ? "W/\"\(opaque)\"" : "\"\(opaque)\"" }

    /// What a list of tags (`If-None-Match`, `If-Match`, RFC 9110 §13.1) says.
    package enum List: Sendable, Hashable {
        /// `*`
        case any
        case these([EntityTag])

        /// More than anybody needs; what follows is passed over.
        private static let limit = 64

        /// Reads the fields of that name; what is no tag ends the list.
        package init(parsing fields: [String]) {
            var tags: [EntityTag] = []
            for field in fields {
                var rest = Substring(field).drop { $0 == " " || $0 == "\t" }
                if rest == "*" {
                    self = .any
                    return
                }
                while tags.count < Self.limit, let tag = EntityTag(takenFrom: &rest) {
                    tags.append(tag)
                    rest = rest.drop { $0 == " " || $0 == "\t" || $0 == "," }
                }
            }
            self = .these(tags)
        }

        /// By weak comparison.
        package func matches(_ tag: EntityTag) -> Bool {
            switch self {
            case .any: true
            case .these(let tags): tags.contains { $0.opaque == tag.opaque }
            }
        }

        /// By strong comparison.
        package func matchesStrongly(_ tag: EntityTag) -> Bool {
            switch self {
            case .any: true
            case .these(let tags): tags.contains { $0 == tag && !tag.isWeak }
            }
        }
    }

    /// `nil`, and nothing taken, where no tag stands at the beginning.
    init?(takenFrom text: inout Substring) {
        let isWeak = text.hasPrefix("W/")
        let rest = isWeak ? text.dropFirst(2) : text
        guard rest.first == "\"" else { return nil }
        let opaque = rest.dropFirst().prefix { $0 != "\"" }
        guard opaque.endIndex < rest.endIndex else { return nil }
        self.init(opaque: opaque, isWeak: isWeak)
        text = rest[rest.index(after: opaque.endIndex)...]
    }
}
