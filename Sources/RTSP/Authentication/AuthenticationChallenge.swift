/// One way to authenticate that a 401 offers (RFC 7617, RFC 7616 §3.3).
///
///     Digest realm="4419b63f5e51", nonce="8b84a3b789283a8b", algorithm=MD5, qop="auth", stale="FALSE"
///     Basic realm=testrealm
package struct AuthenticationChallenge: Sendable, Hashable {
    /// The schemes that can be answered.
    package enum Scheme: Sendable, Hashable {
        case basic
        case digest
    }

    /// Basic tells the password itself, Digest only a hash of it.
    package var scheme: Scheme
    /// Empty if not told.
    package var realm: String
    /// Empty for Basic.
    package var nonce: String
    /// To be sent back as it came; `nil` if there was none.
    package var opaque: String?
    /// In lower case; empty if the challenge has none, which is the form of RFC 2069.
    package var qop: [String]
    /// The algorithm as written; `nil` if not told, which means MD5.
    package var algorithmName: String?
    /// The password was right, the nonce too old (RFC 7616 §3.3).
    package var isStale: Bool

    /// `nil` for an algorithm this relay does not know.
    package var algorithm: DigestAlgorithm? {
        algorithmName.map(DigestAlgorithm.init(name:)) ?? .md5
    }

    /// The challenges of one WWW-Authenticate header, which may hold several; unknown schemes are left out.
    package static func parse(_ header: String) -> [AuthenticationChallenge] {
        var challenges: [AuthenticationChallenge] = []
        var isKnown = false
        for part in header[...].parts(separatedBy: UInt8(ascii: ",")) {
            var parameter = part
            if let (schemeName, rest) = schemeAndRest(of: part) {
                let challenge = AuthenticationChallenge(schemeName: schemeName)
                isKnown = challenge != nil
                if let challenge { challenges.append(challenge) }
                parameter = rest
            }
            if isKnown, !challenges.isEmpty { challenges[challenges.count - 1].take(parameter) }
        }
        return challenges.filter { $0.scheme == .basic || !$0.nonce.isEmpty }
    }

    /// A scheme is a word without `=`, alone or before a parameter: `Digest realm = "x"` has one, `realm = "x"` none.
    private static func schemeAndRest(of part: Substring) -> (Substring, rest: Substring)? {
        let end = part.utf8.firstIndex { !$0.isTokenByte } ?? part.endIndex
        let rest = part[end...].trimmed
        guard end > part.startIndex, rest.utf8.first != UInt8(ascii: "=") else { return nil }
        return (part[..<end], rest)
    }

    private init?(schemeName: Substring) {
        if schemeName.isSameToken(as: "Digest") {
            scheme = .digest
        } else if schemeName.isSameToken(as: "Basic") {
            scheme = .basic
        } else {
            return nil
        }
        realm = ""
        nonce = ""
        qop = []
        isStale = false
    }

    private mutating func take(_ parameter: Substring) {
        guard case (let name, let value?) = parameter.nameAndValue else { return }
        let text = value.unquoted
        switch name.lowercased() {
        case "realm": realm = text
        case "nonce": nonce = text
        case "opaque": opaque = text
        case "qop": qop = text[...].parts(separatedBy: UInt8(ascii: ",")).map { $0.lowercased() }
        case "algorithm": algorithmName = text.isEmpty ? nil : text
        // Uniview writes stale="FALSE" (quirk B6).
        case "stale": isStale = text.isSameToken(as: "true")
        default: break
        }
    }
}
