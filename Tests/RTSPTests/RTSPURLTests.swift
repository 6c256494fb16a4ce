import Testing

@testable import RTSP

@Suite("Stream URLs")
struct RTSPURLTests {
    @Test("a URL has scheme, credentials, host, port, path and query")
    func whole() throws {
        let url = try #require(RTSPURL("rtsp://admin:secret@10.0.0.5:8554/live/main?x=1"))
        #expect(url.scheme == .rtsp)
        #expect(url.credentials == Credentials(username: "admin", password: "secret"))
        #expect(url.host == "10.0.0.5")
        #expect(url.port == 8554)
        #expect(url.pathAndQuery == "/live/main?x=1")
        #expect(url.requestURI == "rtsp://10.0.0.5:8554/live/main?x=1")
    }

    @Test(
        "schemes are known in any case, each with its port",
        arguments: [
            ("RTSP", RTSPURL.Scheme.rtsp, 554, "rtsp"), ("rtsps", .rtsps, 322, "rtsps"), ("rtspu", .rtspu, 554, "rtsp"),
            ("RtspT", .rtspt, 554, "rtsp"),
        ])
    func schemes(text: String, scheme: RTSPURL.Scheme, port: UInt16, inRequests: String) throws {
        let url = try #require(RTSPURL("\(text)://h/a"))
        #expect(url.scheme == scheme)
        #expect(url.portOrDefault == port)
        #expect(url.requestURI == "\(inRequests)://h/a")
    }

    @Test(
        "B9 passwords hold what people put into them",
        arguments: [
            ("admin:p@ss:w#rd%!?", "p@ss:w#rd%!?"), ("admin:p%40ss", "p@ss"), ("admin:100%", "100%"),
            ("admin:a%2Fb", "a/b"),
            ("admin:%zz%4", "%zz%4"), ("admin:%ff", "%ff"), ("admin:", ""), ("admin", ""), ("admin:é", "é"),
        ])
    func passwords(userinfo: String, password: String) throws {
        let url = try #require(RTSPURL("rtsp://\(userinfo)@cam.lan:554/a?b=c@d"))
        #expect(url.credentials == Credentials(username: "admin", password: password))
        #expect(url.host == "cam.lan")
        #expect(url.pathAndQuery == "/a?b=c@d")
    }

    @Test("B9 neither a description nor a dump shows the password or the user")
    func secrets() throws {
        let url = try #require(RTSPURL("rtsp://boss:hunter2@cam/a"))
        var dumped = ""
        dump(url, to: &dumped)
        dump(Authenticator(credentials: Credentials(username: "boss", password: "hunter2"), cnonce: "c"), to: &dumped)
        for text in [
            "\(url)", String(reflecting: url), "\([url])", "\(url.credentials as Any)", dumped, url.requestURI,
        ] {
            #expect(!text.contains("hunter2") && !text.contains("boss"))
        }
        #expect("\(url)" == "rtsp://cam/a")
    }

    @Test(
        "A12 IPv6 is understood with and without brackets, and written with them",
        arguments: [
            ("[::1]:8554", "::1", 8554), ("[fe80::1%eth0]", "fe80::1%eth0", nil),
            ("::ffff:192.168.1.123", "::ffff:192.168.1.123", nil),
            ("::ffff:192.168.1.123:554", "::ffff:192.168.1.123", 554), ("fe80::1", "fe80::1", nil),
        ] as [(String, String, UInt16?)])
    func version6(text: String, host: String, port: UInt16?) throws {
        let url = try #require(RTSPURL("rtsp://\(text)/a"))
        #expect(url.host == host)
        #expect(url.port == port)
        #expect(url.requestURI == "rtsp://[\(host)]\(port.map { ":\($0)" } ?? "")/a")
    }

    @Test("A12 a scheme written twice counts once")
    func doubledScheme() {
        #expect(RTSPURL("rtsp://rtsp://h/a")?.requestURI == "rtsp://h/a")
    }

    @Test(
        "D4 path and query are kept byte for byte",
        arguments: [
            "/user=admin&password=&channel=1&stream=1.sdp", "/a%20b/%C3%A9/é?x=[1]&y=\"z\"#f", "", "/", "?stream=1",
            "//a//",
        ])
    func opaquePath(path: String) throws {
        let url = try #require(RTSPURL("rtsp://h\(path)"))
        #expect(url.pathAndQuery == path)
        #expect(url.requestURI == "rtsp://h\(path)")
    }

    @Test(
        "what has no scheme of RTSP, no host or no port is no URL",
        arguments: [
            "", "rtsp", "rtsp://", "rtsp:///a", "http://h/a", "h/a", "/a", "rtsp://:554/a", "rtsp://h:0/a",
            "rtsp://h:65536/a",
            "rtsp://h:x/a", "rtsp://[::1/a", "rtsp://[::1]x/a", "rtsp://h h/a", "rtsp://h/a\r\nX: 1", "rtsp://u:p@/a",
            "rtsp://a[b/",
        ])
    func noURL(text: String) {
        #expect(RTSPURL(text) == nil)
    }

    @Test("an empty port is none, an empty user is none")
    func emptyParts() {
        #expect(RTSPURL("rtsp://@h:/a") == RTSPURL(host: "h", pathAndQuery: "/a"))
    }

    @Test("mutated URLs neither trap nor change once they are read")
    func mutations() {
        let samples = [
            "rtsp://admin:p%40s@10.0.0.5:8554/live?x=1", "rtsps://[fe80::1]:322/a", "rtsp://rtsp://::ffff:1.2.3.4:554/",
        ]
        forEachMutation(of: samples, seed: 5) { text in
            guard let url = RTSPURL(text) else { return }
            #expect(RTSPURL(url.requestURI)?.requestURI == url.requestURI, "\(text.debugDescription)")
            _ = url.control(text)
            _ = RTSPURL.baseURL(request: url, contentBase: text, contentLocation: text, sessionControl: text)
            _ = RequestTarget(text)
        }
    }
}
