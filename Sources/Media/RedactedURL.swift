/// A URL for eyes: what follows `password=` and its kin is `***`, as XMEye cameras take it in the path.
package struct RedactedURL: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    /// What cameras and servers call a password in a path or a query.
    private static let secretNames: Set = [
        "password", "passwd", "passw", "pass", "pwd", "psw", "pw", "loginpas", "auth", "token", "secret", "key",
    ]

    /// `url` is one without user and password in front of its host.
    package init(_ url: String) {
        var shown = ""
        var rest = url[...]
        while let equals = rest.firstIndex(of: "=") {
            let word = rest[..<equals].reversed().prefix { $0.isLetter }.reversed()
            let after = rest.index(after: equals)
            shown += rest[..<after]
            rest = rest[after...]
            guard Self.secretNames.contains(String(word).lowercased()) else { continue }
            let end = rest.firstIndex { "&;?/".contains($0) } ?? rest.endIndex
            shown += "***"
            rest = rest[end...]
        }
        description = shown + rest
    }
}
