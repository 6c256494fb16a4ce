import Testing

@testable import RTSP

@Suite("A client's authentication")
struct AuthenticatorTests {
    private func authenticator(_ password: String = "Circle Of Life", cnonce: String = "0a4f113b") -> Authenticator {
        Authenticator(credentials: Credentials(username: "Mufasa", password: password), cnonce: cnonce)
    }

    private func challenge(_ header: String) -> RTSPHeaders { ["WWW-Authenticate": header] }

    private let get = RTSPMethod(rawValue: "GET")

    @Test("RFC 2617 §3.5 the example's response, in the example's order")
    func rfc2617() {
        var authenticator = authenticator()
        #expect(authenticator.authorization(method: get, uri: "/") == nil)
        let verdict = authenticator.challenged(
            by: challenge(
                """
                Digest realm="testrealm@host.com", qop="auth,auth-int", \
                nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"
                """
            )
        )
        #expect(verdict == .retry)
        #expect(
            authenticator.authorization(method: get, uri: "/dir/index.html") == """
                Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", \
                uri="/dir/index.html", response="6629fae49393a05397450978507c4ef1", \
                opaque="5ccc069c403ebaf9f0171e9517f40e41", qop=auth, nc=00000001, cnonce="0a4f113b"
                """
        )
    }

    @Test(
        "RFC 7616 §3.9.1 the example's responses",
        arguments: [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ])
    func rfc7616(algorithm: String, response: String) throws {
        var authenticator = authenticator("Circle of Life", cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")
        let header = """
            Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=\(algorithm), \
            nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
            """
        #expect(authenticator.challenged(by: challenge(header)) == .retry)
        let sent = authenticator.authorization(method: get, uri: "/dir/index.html")
        let value = try #require(sent)
        #expect(value.contains("response=\"\(response)\""))
        #expect(value.contains("algorithm=\(algorithm)"))
    }

    @Test("RFC 2069 the form without qop, as the erratum to its example has it")
    func rfc2069() {
        let response = DigestResponse(
            algorithm: .md5, realm: "testrealm@host.com", nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093")
        let credentials = Credentials(username: "Mufasa", password: "CircleOfLife")
        #expect(
            response.value(credentials: credentials, method: get, uri: "/dir/index.html")
                == "1949323746fe6a43ef61f9606e7febea"
        )
    }

    @Test("a session algorithm hashes nonce and cnonce into the secret")
    func sessionAlgorithm() throws {
        let algorithm = try #require(DigestAlgorithm(name: "md5-sess"))
        let response = DigestResponse(algorithm: algorithm, realm: "r", nonce: "n", cnonce: "c", nonceCount: "00000001")
        let secret = DigestAlgorithm.md5.hexDigest(of: "\(DigestAlgorithm.md5.hexDigest(of: "u:r:p")):n:c")
        let request = DigestAlgorithm.md5.hexDigest(of: "PLAY:/")
        #expect(
            response.value(credentials: Credentials(username: "u", password: "p"), method: .play, uri: "/")
                == DigestAlgorithm.md5.hexDigest(of: "\(secret):n:00000001:c:auth:\(request)")
        )
    }

    @Test(
        "RFC 7617 §2 Basic is the base64 of name and password",
        arguments: [
            ("Aladdin", "open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), ("a", "bc", "YTpiYw=="),
            ("test", "123£", "dGVzdDoxMjPCow=="),
            ("a", "b", "YTpi"), ("a", "bcd", "YTpiY2Q="),
        ])
    func basic(username: String, password: String, encoded: String) {
        var authenticator = Authenticator(credentials: Credentials(username: username, password: password), cnonce: "")
        #expect(authenticator.challenged(by: challenge("Basic realm=testrealm")) == .retry)
        #expect(authenticator.authorization(method: .play, uri: "rtsp://h/") == "Basic \(encoded)")
    }

    @Test("B4 the nonce count goes up with each request and starts anew with a new nonce")
    func nonceCount() throws {
        var authenticator = authenticator()
        #expect(authenticator.challenged(by: challenge("Digest realm=\"r\", nonce=\"a\", qop=\"auth\"")) == .retry)
        for count in 1...17 {
            let sent = authenticator.authorization(method: .options, uri: "*")
            let value = try #require(sent)
            #expect(value.contains("nc=000000\(count < 16 ? "0" : "")\(String(count, radix: 16)),"))
        }
        #expect(authenticator.challenged(by: challenge("Digest realm=\"r\", nonce=\"b\", qop=\"auth\"")) == .retry)
        #expect(authenticator.authorization(method: .options, uri: "*")?.contains("nc=00000001,") == true)
    }

    @Test("B4 without qop the form of RFC 2069 is sent: no cnonce, no count, no algorithm that was not told")
    func withoutQop() throws {
        var authenticator = authenticator()
        #expect(authenticator.challenged(by: challenge("Digest realm=\"r\", nonce=\"a\"")) == .retry)
        let sent = authenticator.authorization(method: .options, uri: "*")
        let value = try #require(sent)
        for name in ["qop", "nc=", "cnonce", "algorithm", "opaque"] { #expect(!value.contains(name)) }
    }

    @Test("B5 a new nonce in the middle of a session is answered, each time one request got through")
    func newNonce() {
        var authenticator = authenticator()
        for round in 0..<5 {
            #expect(authenticator.challenged(by: challenge("Digest realm=\"r\", nonce=\"\(round)\"")) == .retry)
            for _ in 0..<3 { _ = authenticator.authorization(method: .getParameter, uri: "*") }
        }
    }

    @Test("B5 a stale nonce is answered though it is the same")
    func staleNonce() {
        var authenticator = authenticator()
        #expect(authenticator.challenged(by: challenge("Digest realm=\"r\", nonce=\"a\"")) == .retry)
        _ = authenticator.authorization(method: .play, uri: "*")
        #expect(authenticator.challenged(by: challenge("Digest realm=\"r\", nonce=\"a\", stale=true")) == .retry)
        _ = authenticator.authorization(method: .play, uri: "*")
        #expect(authenticator.challenged(by: challenge("Digest realm=\"r\", nonce=\"a\", stale=true")) == .rejected)
    }

    @Test("B11 a wrong password is not tried again, be the nonce the same or a new one")
    func wrongPassword() {
        var same = authenticator()
        #expect(same.challenged(by: challenge("Digest realm=\"r\", nonce=\"a\"")) == .retry)
        _ = same.authorization(method: .describe, uri: "*")
        #expect(same.challenged(by: challenge("Digest realm=\"r\", nonce=\"a\"")) == .rejected)

        var fresh = authenticator()
        var tries = 0
        while fresh.challenged(by: challenge("Digest realm=\"r\", nonce=\"\(tries)\"")) == .retry, tries < 10 {
            _ = fresh.authorization(method: .describe, uri: "*")
            tries += 1
        }
        #expect(tries == 1)

        var basic = authenticator()
        #expect(basic.challenged(by: challenge("Basic realm=\"r\"")) == .retry)
        _ = basic.authorization(method: .describe, uri: "*")
        #expect(basic.challenged(by: challenge("Basic realm=\"r\"")) == .rejected)
    }

    @Test("a 401 that offers nothing known is a rejection")
    func nothingOffered() {
        var authenticator = authenticator()
        #expect(authenticator.challenged(by: RTSPHeaders()) == .rejected)
        #expect(authenticator.authorization(method: .play, uri: "*") == nil)
    }

    @Test("B7 the URI is signed and sent byte for byte")
    func uriByteForByte() throws {
        let uri = "rtsp://h:554/user=admin&password=&channel=1?x=%2F\"é/trackID=1"
        var authenticator = authenticator()
        #expect(authenticator.challenged(by: challenge("Digest realm=\"r\", nonce=\"a\"")) == .retry)
        let sent = authenticator.authorization(method: .setup, uri: uri)
        let value = try #require(sent)
        let response = DigestResponse(algorithm: .md5, realm: "r", nonce: "a")
            .value(credentials: Credentials(username: "Mufasa", password: "Circle Of Life"), method: .setup, uri: uri)
        #expect(value.contains("response=\"\(response)\""))
        #expect(value.contains("uri=\"rtsp://h:554/user=admin&password=&channel=1?x=%2F\\\"é/trackID=1\""))
    }
}
