import Egress
import HLS
import Reflector
import TestSupport
import Testing

@testable import Web

@Suite("Targets of requests")
struct WebTargetTests {
    @Test(
        "come apart into segments without encoding",
        arguments: [
            ("/", []), ("/gate/index.m3u8", ["gate", "index.m3u8"]), ("/a%20b/c", ["a b", "c"]),
            ("//gate///x", ["gate", "x"]),
            ("/%67ate", ["gate"]), ("/gr%C3%BCn", ["grün"]), ("http://relay:8888/gate", ["gate"]), ("HTTP://relay", []),
            ("/media/../x", ["media", "..", "x"]), ("/%2e%2e/x", ["..", "x"]), ("/a?b=/c", ["a"]), ("/a#b", ["a"]),
            ("*", []),
            ("/http://x/y", ["http:", "x", "y"]),
        ] as [(String, [String])])
    func segments(text: String, segments: [String]) {
        #expect(WebTarget(parsing: text)?.segments == segments)
    }

    @Test(
        "that could be read in two ways are none",
        arguments: [
            "", "gate", "relay:443", "ftp://relay/x", "/%00", "/a%0d%0ab", "/a%2Fb", "/a%2fb", "/a%5cb", "/a\\b", "/%",
            "/%4", "/%zz",
            "http://", "http:///gate", "http://:80/gate", "http://#x", "https://?x",
            "/%ff", "/%c0%ae", "/\u{1}", "/\u{7f}", "/" + String(repeating: "a", count: 4096),
        ])
    func refused(text: String) {
        #expect(WebTarget(parsing: text) == nil)
    }

    @Test("have a query, of which the last of a name counts; and the log has a path without it")
    func query() throws {
        let target = try #require(
            WebTarget(parsing: "/gate/snapshot.jpg?width=1&width=64%30&x&=y&bad=%zz&token=s3cret"))
        #expect(target.value(of: "width") == "640")
        #expect(target.value(of: "x") == "")
        #expect(target.value(of: "bad") == nil)
        #expect(target.written == "/gate/snapshot.jpg")
        #expect(WebTarget(parsing: "http://u:s3cret@relay/gate?x")?.written == "/gate")
        #expect(try #require(WebTarget(parsing: "/a?" + String(repeating: "x&", count: 10_000))).query.count == 64)
    }

    @Test(
        "lead to movies, to files of streams, to snapshots, or to pages",
        arguments: [
            ("/media/a.mov", WebRoute.movie("media/a.mov")), ("/media/b/index.m3u8", .movieHLS("media/b", .variants)),
            ("/media/%2e%2e/x", .movie("media/../x")), ("/media", .page),
            ("/mediatheque/index.m3u8", hls("mediatheque", "index.m3u8")),
            ("/gate/index.m3u8", hls("gate", "index.m3u8")), ("/gate/sub/12.ts", hls("gate/sub", "12.ts")),
            ("/gate/init-1.mp4", hls("gate", "init-1.mp4")), ("/gate/1-0.m4s", hls("gate", "1-0.m4s")),
            ("/gate/.ts", .page), ("/index.m3u8", .page), ("/gate/", .page), ("/gate/index.m3u8/", .page),
            ("/gate/../x.ts", .page),
            ("/gate/snapshot.jpg?width=1", .snapshot(path("gate"))), ("/snapshot.jpg", .page), ("/", .page),
            ("/gate", .page),
        ])
    func routes(text: String, route: WebRoute) throws {
        let target = try #require(WebTarget(parsing: text))
        #expect(WebRoute(target, movies: MediaConfiguration(folder: "/srv")) == route)
    }

    @Test("Whatever is made of a target, no segment is empty or has a slash or a control character in it")
    func mutations() {
        var generator = SeededGenerator(seed: 7)
        for seed in ["/gate/%2e%2e/%66oo.m3u8?a=%62&c=d", "http://relay:8888/a%20b/c?d", "/%E2%82%AC/x"] {
            for _ in 0..<3000 {
                let text = String(decoding: generator.mutated(Array(seed.utf8)), as: UTF8.self)
                guard let target = WebTarget(parsing: text) else { continue }
                for segment in target.segments {
                    #expect(!segment.isEmpty && !segment.contains { "/\\\0\r\n".contains($0) }, "\(text)")
                }
                _ = WebRoute(target, movies: MediaConfiguration(folder: "/srv"))
            }
        }
    }

    private static func path(_ text: String) -> StreamPath {
        StreamPath(text) ?? StreamPath("x")!
    }

    private static func hls(_ stream: String, _ file: String) -> WebRoute {
        .hls(path(stream), file: file)
    }
}
