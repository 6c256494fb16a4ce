import Testing

@testable import RTSP

@Suite("Authentication challenges")
struct AuthenticationChallengeTests {
    private func best(_ headers: String...) -> AuthenticationChallenge? {
        var all = RTSPHeaders()
        for header in headers { all.add("WWW-Authenticate", header) }
        return ChallengeSelection.best(of: all)
    }

    private func first(_ header: String) throws -> AuthenticationChallenge {
        try #require(AuthenticationChallenge.parse(header).first)
    }

    @Test("B1 SHA-256 goes before MD5, MD5 before Basic, in any order")
    func strongest() {
        let basic = "Basic realm=\"x\""
        let md5 = "Digest realm=\"x\", nonce=\"1\""
        let sha256 = "Digest realm=\"x\", nonce=\"2\", algorithm=SHA-256"
        #expect(best(basic, md5, sha256)?.algorithm == .sha256)
        #expect(best(sha256, md5, basic)?.algorithm == .sha256)
        #expect(best(basic, md5)?.nonce == "1")
        #expect(best(basic)?.scheme == .basic)
        #expect(best() == nil)
    }

    @Test("B2 SHA-256 is known in any spelling", arguments: ["SHA-256", "sha-256", "\"SHA-256\""])
    func sha256(name: String) throws {
        #expect(try first("Digest realm=\"x\", nonce=\"1\", algorithm=\(name)").algorithm == .sha256)
    }

    @Test("B3 a challenge of unknown algorithm is skipped for another", arguments: ["SHA-512-256", "token", "MD6"])
    func unknownAlgorithm(name: String) {
        let unknown = "Digest realm=\"x\", nonce=\"1\", algorithm=\(name)"
        #expect(best(unknown) == nil)
        #expect(best(unknown, "Digest realm=\"x\", nonce=\"2\"")?.nonce == "2")
        #expect(best("\(unknown), Basic realm=\"y\"")?.scheme == .basic)
        #expect(best("Negotiate", "NTLM realm=\"x\", nonce=\"1\"") == nil)
    }

    @Test("B4 qop is a list, and one without auth cannot be answered")
    func qop() throws {
        #expect(try first("Digest realm=\"x\", nonce=\"1\", qop=\"auth, auth-int\"").qop == ["auth", "auth-int"])
        #expect(try first("Digest realm=\"x\", nonce=\"1\", qop=AUTH").qop == ["auth"])
        #expect(try first("Digest realm=\"x\", nonce=\"1\", qop=\"\"").qop.isEmpty)
        #expect(best("Digest realm=\"x\", nonce=\"1\", qop=\"auth-int\"") == nil)
    }

    @Test(
        "B6 stale is compared without case or quotes",
        arguments: [
            ("\"FALSE\"", false), ("false", false), ("TRUE", true), ("\"true\"", true), ("", false),
        ])
    func stale(text: String, isStale: Bool) throws {
        let challenge = try first("Digest realm=\"4419b63f5e51\", nonce=\"8b84\", stale=\(text)")
        #expect(challenge.isStale == isStale)
        #expect(challenge.realm == "4419b63f5e51")
    }

    @Test("B10 unquoted values, empty fields and odd spaces are accepted")
    func unquoted() throws {
        #expect(try first("Basic realm=testrealm").realm == "testrealm")
        #expect(try first("basic").scheme == .basic)
        let digest = try first("  DIGEST  realm = \"a, b\\\"c\" ,, nonce=12==, ,opaque=\"\", foo, bar=,")
        #expect(digest.realm == "a, b\"c")
        #expect(digest.nonce == "12==")
        #expect(digest.opaque == "")
    }

    @Test("several challenges in one header are told apart")
    func severalInOne() {
        let header =
            "Basic realm=\"one\", Digest realm=\"two\", nonce=\"n\", qop=\"auth,auth-int\", Bearer, x=1, Basic realm=z"
        let challenges = AuthenticationChallenge.parse(header)
        #expect(challenges.map(\.realm) == ["one", "two", "z"])
        #expect(challenges.map(\.scheme) == [.basic, .digest, .basic])
        #expect(challenges[1].nonce == "n")
    }

    @Test("a digest challenge without a nonce cannot be answered")
    func noNonce() {
        #expect(AuthenticationChallenge.parse("Digest realm=\"x\"").isEmpty)
        #expect(AuthenticationChallenge.parse("").isEmpty)
    }

    @Test("mutated challenges neither trap nor grow")
    func mutations() {
        let samples = [
            "Digest realm=\"4419b63f5e51\", nonce=\"8b84a3\", algorithm=MD5, qop=\"auth,auth-int\", stale=\"FALSE\"",
            "Basic realm=\"one\", Digest realm=\"t\\\"wo\", nonce=\"n\", opaque=\"o\"", "Basic realm=testrealm",
        ]
        forEachMutation(of: samples, seed: 7) { header in
            let challenges = AuthenticationChallenge.parse(header)
            #expect(challenges.count <= header.utf8.count)
            var headers = RTSPHeaders()
            headers.add("WWW-Authenticate", header)
            var authenticator = Authenticator(credentials: Credentials(username: "u", password: "p"), cnonce: "c")
            let canBeAnswered = authenticator.challenged(by: headers) == .retry
            #expect((authenticator.authorization(method: .play, uri: "rtsp://h/") != nil) == canBeAnswered)
        }
    }
}
