import Testing

@testable import RTSP

@Suite("URLs that cameras name")
struct RTSPURLResolvingTests {
    private func url(_ text: String) throws -> RTSPURL { try #require(RTSPURL(text)) }

    /// The request URI of a track.
    private func track(_ base: String, _ control: String?) throws -> String {
        try url(base).control(control).requestURI
    }

    private func base(
        _ request: String = "rtsp://10.0.0.5:8554/live",
        contentBase: String? = nil,
        contentLocation: String? = nil,
        sessionControl: String? = nil
    ) throws -> String {
        try RTSPURL.baseURL(
            request: url(request),
            contentBase: contentBase,
            contentLocation: contentLocation,
            sessionControl: sessionControl
        ).requestURI
    }

    @Test("A8 a redirection keeps the credentials and does not leave TLS")
    func redirections() throws {
        let request = try url("rtsps://u:p@h/a")
        #expect(request.redirected(to: "rtsps://other:8322/b")?.credentials == request.credentials)
        #expect(request.redirected(to: "rtsps://x:y@other/b")?.credentials == Credentials(username: "x", password: "y"))
        #expect(request.redirected(to: "rtsp://other/b") == nil)
        #expect(request.redirected(to: "nonsense") == nil)
        #expect(try url("rtsp://h/a").redirected(to: "rtsps://other/b")?.requestURI == "rtsps://other/b")
    }

    @Test(
        "A12 a broken Content-Base gives its path and query",
        arguments: [
            ("rtsp://rtsp://10.0.0.5/live/", "/live/"), ("rtsp://::ffff:192.168.1.123/live/", "/live/"),
            ("192.168.253.220:1935/live/", "/live/"), ("/live/", "/live/"), ("rtsp:///live/", "/live/"),
            (" rtsp://10.0.0.5/live?a=b/ ", "/live?a=b/"), ("RTSP://10.0.0.5/live/", "/live/"),
        ])
    func brokenContentBase(contentBase: String, path: String) throws {
        #expect(try base("rtsp://10.0.0.5:8554/other", contentBase: contentBase) == "rtsp://10.0.0.5:8554\(path)")
    }

    @Test(
        "A12 a Content-Base of no use is passed over", arguments: ["", " ", "stream1", "stream1/", "rtsp://h/a\u{1}"])
    func uselessContentBase(contentBase: String) throws {
        #expect(try base(contentBase: contentBase) == "rtsp://10.0.0.5:8554/live")
        #expect(try base(contentBase: contentBase, contentLocation: "/b") == "rtsp://10.0.0.5:8554/b")
    }

    @Test("K3 the order is Content-Base, Content-Location, request")
    func order() throws {
        #expect(try base(contentBase: "rtsp://10.0.0.5/a/", contentLocation: "rtsp://10.0.0.5/b/").hasSuffix("/a/"))
        #expect(try base(contentLocation: "rtsp://10.0.0.5/b/").hasSuffix("/b/"))
        #expect(try base() == "rtsp://10.0.0.5:8554/live")
    }

    @Test("D1 a track without control is at the base URL", arguments: [nil, "", "*", " "] as [String?])
    func noControl(control: String?) throws {
        #expect(try track("rtsp://h/live/", control) == "rtsp://h/live/")
    }

    @Test("D2 an absolute control on another host gives its path and query, not its host")
    func foreignHost() throws {
        let base = "rtsp://u:p@10.0.0.5:8554/live/"
        #expect(try track(base, "rtsp://localhost/x/trackID=7?a=b") == "rtsp://10.0.0.5:8554/x/trackID=7?a=b")
        #expect(try track(base, "rtsp://192.168.0.9:554/live/t") == "rtsp://10.0.0.5:8554/live/t")
        #expect(try url(base).control("rtsp://localhost/x").credentials == url(base).credentials)
    }

    @Test("D3 a relative control is appended behind the query")
    func behindQuery() throws {
        let base = "rtsp://h/test?user=tmp&password=x&channel=1&stream=0.sdp"
        #expect(try track(base, "trackID=5") == base + "/trackID=5")
        #expect(try track(base + "/", "trackID=5") == base + "/trackID=5")
    }

    @Test("D4 a path that looks like a query is left as it is")
    func opaquePath() throws {
        let base = "rtsp://h/user=admin&password=&channel=1&stream=1.sdp"
        #expect(try track(base, "trackID=1") == base + "/trackID=1")
        #expect(try track("rtsp://h/a%20b%2f", "track é") == "rtsp://h/a%20b%2f/track é")
    }

    @Test("D5 a control that is a query is appended without a slash")
    func queryControl() throws {
        #expect(try track("rtsp://h/live", "?ctype=video") == "rtsp://h/live?ctype=video")
    }

    @Test("D6 a control that begins with a slash makes no double slash")
    func slashControl() throws {
        #expect(try track("rtsp://192.168.101.22/", "/media/1/video/1") == "rtsp://192.168.101.22/media/1/video/1")
        #expect(try track("rtsp://192.168.101.22", "/media/1/video/1") == "rtsp://192.168.101.22/media/1/video/1")
        #expect(try track("rtsp://h/live", "/test") == "rtsp://h/live/test")
    }

    @Test("D7 an absolute session control is the base URL, before Content-Base")
    func sessionControl() throws {
        let control = "rtsp://192.168.0.9/base/"
        #expect(try base(contentBase: "rtsp://10.0.0.5/a/", sessionControl: control) == "rtsp://10.0.0.5:8554/base/")
        #expect(try base(contentBase: "rtsp://10.0.0.5/a/", sessionControl: "*") == "rtsp://10.0.0.5:8554/a/")
    }

    @Test("D8 rtsps controls follow the same rules, under the scheme of the connection")
    func secureControl() throws {
        #expect(try track("rtsps://h:322/live/", "rtsps://10.0.0.9/live/t1") == "rtsps://h:322/live/t1")
        #expect(try track("rtsps://h:322/live/", "rtsp://10.0.0.9/live/t1") == "rtsps://h:322/live/t1")
        #expect(try base("rtsps://h/a", sessionControl: "rtsps://x/base") == "rtsps://h/base")
    }

    @Test("D9 a base without a slash gets one before a relative control")
    func slashInserted() throws {
        #expect(try track("rtsp://h/live", "trackID=0") == "rtsp://h/live/trackID=0")
        #expect(try track("rtsp://h/live/", "trackID=0") == "rtsp://h/live/trackID=0")
        #expect(try track("rtsp://h", "trackID=0") == "rtsp://h/trackID=0")
    }

    @Test("D10 what is asked of the whole presentation goes to the base URL as the camera wrote it")
    func aggregate() throws {
        #expect(try base(contentBase: "rtsp://10.0.0.5:8554/live/") == "rtsp://10.0.0.5:8554/live/")
        let aggregate = try url("rtsp://10.0.0.5/live/")
        _ = aggregate.control("trackID=1")
        #expect(aggregate.requestURI == "rtsp://10.0.0.5/live/")
    }

    @Test("a control with a line break is not followed")
    func injection() throws {
        #expect(try track("rtsp://h/live", "t\r\nX: 1") == "rtsp://h/live")
    }
}
