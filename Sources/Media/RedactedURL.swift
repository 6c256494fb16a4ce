/// A URL for eyes: what follows `password=` and its kin is `***`, as XMEye cameras take it in the path.
package struct RedactedURL: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    /// What cameras and servers call a password in a path or a query.
    private static let secretNames: Set = [
        "passwd", "passw", "pass", "pwd", "psw", "pw", "loginpas", "auth", "secret", "jwt", "signature", "sig",
    ]
    /// `streamkey`, `access_token`.
    private static let secretEnds = ["key", "token", "password"]

    /// `url` is one without user and password in front of its host.
    package init(_ url: String) {
        var shown = ""
        var rest = url[...]
        while let equals = rest.firstIndex(of: "=") {
            let word = String(rest[..<equals].reversed().prefix { $0.isLetter }.reversed()).lowercased()
            let after = rest.index(after: equals)
            shown += rest[..<after]
            rest = rest[after...]
            guard Self.secretNames.contains(word) || Self.secretEnds.contains(where: word.hasSuffix) else { continue }
            // In a query all but these may belong to the value.
            let stops = shown.contains("?") ? "&;" : "&;?/"
            let end = rest.firstIndex { stops.contains($0) } ?? rest.endIndex
            shown += "***"
            rest = rest[end...]
        }
        description = shown + rest
    }
}
