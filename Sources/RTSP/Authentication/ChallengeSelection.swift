/// The strongest of the challenges that can be answered (RFC 7616 §3.7): SHA-256, then MD5, then Basic (quirk B1).
package enum ChallengeSelection {
    /// `nil` if none of a 401's challenges can be answered; those of unknown algorithms are passed over (quirk B3).
    package static func best(of headers: RTSPHeaders) -> AuthenticationChallenge? {
        best(of: headers.all("WWW-Authenticate").flatMap(AuthenticationChallenge.parse))
    }

    /// The first of the strongest.
    package static func best(of challenges: [AuthenticationChallenge]) -> AuthenticationChallenge? {
        challenges.reduce(nil) { best, challenge in
            strength(of: challenge) > (best.map(strength) ?? 0) ? challenge : best
        }
    }

    /// 0 = cannot be answered.
    private static func strength(of challenge: AuthenticationChallenge) -> Int {
        guard challenge.scheme == .digest else { return 1 }
        // auth-int alone would need the body of each request.
        guard challenge.qop.isEmpty || challenge.qop.contains("auth") else { return 0 }
        return switch challenge.algorithm?.hash {
        case .md5: 2
        case .sha256: 3
        case nil: 0
        }
    }
}
