/// A client's side of authentication on one connection: from a 401's challenge to each request's Authorization.
///
/// It counts what was sent under a challenge, so `authorization` is to be called once for each request that goes out.
package struct Authenticator: Sendable {
    /// What to do about a 401.
    package enum Verdict: Sendable, Hashable {
        /// Send the request again, with a new `authorization`.
        case retry
        /// The credentials are wrong, or no challenge can be answered; asking again could lock the account (quirk B11).
        case rejected
    }

    private let credentials: Credentials
    private let cnonce: String
    private var challenge: AuthenticationChallenge?
    /// Requests sent under `challenge`: the nonce count of the last one (RFC 7616 §3.4).
    private var sent: UInt32 = 0
    private var hasRetriedWithNewNonce = false

    /// `cnonce` is any unguessable text of visible ASCII, new for each connection.
    package init(credentials: Credentials, cnonce: String) {
        self.credentials = credentials
        self.cnonce = cnonce
    }

    /// A request was answered by 401 and these headers.
    ///
    /// The same nonce again means the password is wrong, and so does a new one for the first request that was signed:
    /// many cameras make one for every 401, and count each try (quirk B11). Later a new one may have replaced one that
    /// ran out, which some do not call stale (quirk B5): that is tried once, and again after a request has got through.
    package mutating func challenged(by headers: RTSPHeaders) -> Verdict {
        guard let offered = ChallengeSelection.best(of: headers) else { return .rejected }
        guard let current = challenge, sent > 0 else {
            answer(offered)
            return .retry
        }
        // A second request under one challenge is only sent once the first was accepted.
        if sent > 1 { hasRetriedWithNewNonce = false }
        let ranOut = sent > 1 && (offered.nonce != current.nonce || offered.scheme != current.scheme)
        guard offered.isStale || ranOut, !hasRetriedWithNewNonce else { return .rejected }
        hasRetriedWithNewNonce = true
        answer(offered)
        return .retry
    }

    private mutating func answer(_ offered: AuthenticationChallenge) {
        challenge = offered
        sent = 0
    }

    /// The Authorization value of the next request; `nil` as long as nothing asked for one.
    ///
    /// `uri` has to be the text of the request line (quirk B7).
    package mutating func authorization(method: RTSPMethod, uri: String) -> String? {
        guard let challenge else { return nil }
        sent &+= 1
        switch challenge.scheme {
        case .basic: return "Basic \(base64("\(credentials.username):\(credentials.password)"))"
        case .digest: return challenge.algorithm.map { digest(challenge, $0, method, uri) }
        }
    }

    /// The order is that of RFC 2617 §3.5; what the challenge did not have is not sent, for some cameras count fields.
    private func digest(
        _ challenge: AuthenticationChallenge,
        _ algorithm: DigestAlgorithm,
        _ method: RTSPMethod,
        _ uri: String
    ) -> String {
        let count = String(sent, radix: 16)
        let nonceCount = String(repeating: "0", count: 8 - count.utf8.count) + count
        let response = DigestResponse(
            algorithm: algorithm,
            realm: challenge.realm,
            nonce: challenge.nonce,
            cnonce: cnonce,
            nonceCount: challenge.qop.isEmpty ? nil : nonceCount
        )
        var fields = [
            "username=\(quoted(credentials.username))",
            "realm=\(quoted(challenge.realm))",
            "nonce=\(quoted(challenge.nonce))",
            "uri=\(quoted(uri))",
            "response=\"\(response.value(credentials: credentials, method: method, uri: uri))\"",
        ]
        if let opaque = challenge.opaque { fields.append("opaque=\(quoted(opaque))") }
        if let name = challenge.algorithmName { fields.append("algorithm=\(name)") }
        if !challenge.qop.isEmpty {
            fields += ["qop=auth", "nc=\(nonceCount)", "cnonce=\(quoted(cnonce))"]
        } else if algorithm.isSession {
            fields.append("cnonce=\(quoted(cnonce))")
        }
        return "Digest \(fields.joined(separator: ", "))"
    }
}

private func quoted(_ text: String) -> String {
    var bytes = [UInt8(ascii: "\"")]
    for byte in text.utf8 {
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
        bytes.append(byte)
    }
    bytes.append(UInt8(ascii: "\""))
    return String(decoding: bytes, as: UTF8.self)
}

/// RFC 4648 §4.
private func base64(_ text: String) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var result: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let group = rest.prefix(3)
        rest = rest.dropFirst(3)
        let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
        for place in 0..<4 {
            result.append(place > group.count ? UInt8(ascii: "=") : alphabet[bits >> (18 - 6 * place) & 63])
        }
    }
    return String(decoding: result, as: UTF8.self)
}
