import Testing

@testable import RTSP

@Suite("Request targets")
struct RequestTargetTests {
    @Test(
        "M3 the track is found before and behind the query",
        arguments: [
            ("rtsp://h/live/door?token=x/trackID=1", "live/door", "token=x", 1),
            ("rtsp://h/live/door/trackID=1?token=x", "live/door", "token=x", 1),
            ("rtsp://h/live/door/trackID=1/?token=x/", "live/door", "token=x/", 1),
            ("rtsp://h/live/door/trackID=0", "live/door", nil, 0),
            ("rtsp://h/live/door/TrackID=12/", "live/door", nil, 12),
            ("rtsp://h/live/door?trackID=2", "live/door", nil, 2),
            ("rtsp://h/live/door?/trackID=2", "live/door", nil, 2),
            ("rtsp://h/trackID=3", "", nil, 3),
            ("rtsp://h/live/door?a=b/c", "live/door", "a=b/c", nil),
        ] as [(String, String, String?, Int?)])
    func tracks(uri: String, path: String, query: String?, track: Int?) throws {
        let target = try #require(RequestTarget(uri))
        #expect(target.path == path)
        #expect(target.query == query)
        #expect(target.track == track)
        #expect(!target.isAsterisk)
    }

    @Test("other names for a track count where they are asked for, and what is unsafe is told rather than refused")
    func otherNames() {
        let uri = "rtsp://h/media/a.mov/streamid=2/"
        #expect(RequestTarget(uri)?.track == nil)
        let target = RequestTarget(unchecked: uri, trackNames: ["trackID", "streamid"])
        #expect(target.track == 2 && target.path == "media/a.mov" && target.isSafe)
        #expect(!RequestTarget(unchecked: "rtsp://h/media/%2e%2e/a.mov").isSafe)
    }

    @Test(
        "what only looks like a track is part of the path",
        arguments: ["trackID=x", "trackID=", "trackID=70000", "xtrackID=1"])
    func noTrack(last: String) throws {
        let target = try #require(RequestTarget("rtsp://h/live/\(last)"))
        #expect(target.path == "live/\(last)")
        #expect(target.track == nil)
    }

    @Test(
        "a path is the same with and without scheme, slashes and percent signs",
        arguments: [
            "rtsp://h:8554/live/front door", "rtsp://h/live/front%20door/", "rtsps://u:p@[::1]:322//live/front%20door",
            "/live/front door", "live/front door", "rtsp://h/live%2Ffront%20door?",
        ])
    func samePath(uri: String) throws {
        #expect(RequestTarget(uri)?.path == "live/front door")
        #expect(RequestTarget(uri)?.query == nil)
    }

    @Test("the asterisk is the server")
    func asterisk() throws {
        let target = try #require(RequestTarget("*"))
        #expect(target.isAsterisk && target.path.isEmpty && target.track == nil && target.query == nil)
        #expect(RequestTarget("rtsp://h")?.path == "")
        #expect(RequestTarget("rtsp://h/*")?.path == "*")
    }

    @Test(
        "a path that would leave its tree or hides control characters is refused",
        arguments: [
            "rtsp://h/../etc", "rtsp://h/a/..", "rtsp://h/a/%2e%2E/b", "rtsp://h/a%2F..%2Fb", "rtsp://h/..\\a",
            "rtsp://h/./a",
            "rtsp://h/a%00b", "rtsp://h/a%0d%0aX", "rtsp://h/a/../trackID=0", "../a",
        ])
    func unsafe(uri: String) {
        #expect(RequestTarget(uri) == nil)
    }

    @Test("a percent sign that names no byte stays")
    func rawPercent() {
        #expect(RequestTarget("rtsp://h/100%/a%zz")?.path == "100%/a%zz")
        #expect(RequestTarget("rtsp://h/a%ff")?.path == "a%ff")
        #expect(RequestTarget("rtsp://h/a...b/..c")?.path == "a...b/..c")
    }

    @Test("mutated URIs give safe paths")
    func mutations() {
        let samples = ["rtsp://h/live/door?token=x/trackID=1", "rtsp://h/live/%2e./a%20b/trackID=1?token=x", "*"]
        forEachMutation(of: samples, seed: 6) { uri in
            guard let target = RequestTarget(uri) else { return }
            #expect(!target.path.split(separator: "/").contains(".."))
            #expect((0...65_535).contains(target.track ?? 0))
        }
    }
}
