import Foundation
import NIOCore
import TestSupport
import Testing

@testable import Web

@Suite("Streams over HTTP")
struct StreamAnswerTests {
    @Test("Segments may be kept for ever, playlists are asked for anew, and both have ranges and tags")
    func hls() async throws {
        try await ServedWeb.run { web in
            let segment = try await web.get("/gate/1712345-0.m4s")
            #expect(segment.body == Array(ServedWeb.segment.readableBytesView))
            #expect(segment.header("Content-Type") == "video/iso.segment")
            #expect(segment.header("Cache-Control") == "public, max-age=31536000, immutable")
            #expect(segment.header("ETag") == "\"s1\"")
            #expect(segment.header("Transfer-Encoding") == nil)
            #expect(try await web.get("/gate/1.ts").header("Content-Type") == "video/mp2t")
            let part = try await web.get("/gate/sub/1712345-0.m4s", ["Range: bytes=10-19"])
            #expect(part.status == 206 && part.body == Array(ServedWeb.segment.readableBytesView[10..<20]))
            let list = try await web.get("/gate/index.m3u8")
            #expect(list.text == ServedWeb.playlist)
            #expect(list.header("Content-Type") == "application/vnd.apple.mpegurl")
            #expect(list.header("Cache-Control") == "no-cache")
            // Chromium asks for this of everything.
            let ranged = try await web.get("/gate/index.m3u8", ["Range: bytes=0-", "Accept-Encoding: gzip"])
            #expect(ranged.status == 206 && ranged.text == ServedWeb.playlist)
            #expect(try await web.get("/gate/index.m3u8", ["If-None-Match: \"p1\""]).status == 304)
        }
    }

    @Test("A playlist is compressed for who takes that, under a tag of its own")
    func gzip() async throws {
        try await ServedWeb.run { web in
            for _ in 0..<2 {
                let small = try await web.get("/gate/index.m3u8", ["Accept-Encoding: gzip, deflate"])
                #expect(small.header("Content-Encoding") == "gzip" && small.header("Vary") == "Accept-Encoding")
                #expect(small.header("ETag") == "\"p1-gzip\"" && small.body.count < 200)
                let file = web.folder.appending(path: "list.gz")
                try Data(small.body).write(to: file)
                let text = try await OutsideTool("gzip").output(["-dc", file.path], in: web.folder)
                #expect(String(decoding: text, as: UTF8.self) == ServedWeb.playlist)
            }
            let plain = try await web.get("/gate/index.m3u8", ["Accept-Encoding: identity;q=1, *;q=0"])
            #expect(plain.header("Content-Encoding") == nil && plain.header("Vary") == "Accept-Encoding")
        }
    }

    @Test("The directives of low-latency HLS are handed on, and nonsense is refused")
    func directives() async throws {
        try await ServedWeb.run { web in
            let asked = try await web.get("/gate/index.m3u8?_HLS_msn=12&_HLS_part=3&_HLS_skip=YES")
            #expect(asked.text == "12 3 true")
            let far = try await web.get("/gate/index.m3u8?_HLS_msn=9223372036854775807")
            #expect(far.text == "9223372036854775807 -1 false")
            for query in [
                "_HLS_msn=-1", "_HLS_msn=x", "_HLS_msn=99999999999999999999", "_HLS_part=", "_HLS_skip=no",
                "_HLS_msn=+12", "_HLS_msn=12&_HLS_part=+3", "_HLS_msn=12&_HLS_msn=12", "_HLS_msn=12&_HLS_msn=13",
                "_HLS_msn=1&_HLS_part=2&_HLS_part=2", "_HLS_skip=YES&_HLS_skip=YES", "_HLS_msn=1%202", "_HLS_msn=1e3",
                "_HLS_msn=0x10", "_HLS_msn=1.0", "_HLS_msn",
            ] {
                #expect(try await web.get("/gate/index.m3u8?\(query)").status == 400, "\(query)")
            }
        }
    }

    @Test("What is at hand is answered on the event loop, and what takes work is left to a thread")
    func atHand() async throws {
        try await ServedWeb.run { web in
            let list = try await web.get("/near/video.m3u8")
            #expect(list.text == ServedWeb.playlist && list.header("ETag") == "\"n1\"")
            #expect(list.header("Access-Control-Allow-Origin") == "*")
            #expect(try await web.get("/near/video.m3u8", method: "HEAD").header("Content-Length") == "1628")
            #expect(try await web.get("/near/video.m3u8", ["If-None-Match: \"n1\""]).status == 304)
            // Nobody else has this stream.
            #expect(try await web.get("/near/video.m3u8", ["Accept-Encoding: gzip"]).status == 404, "to be made small")
            #expect(try await web.get("/near/video.m3u8?_HLS_msn=4").status == 404, "to be waited for")
            #expect(try await web.get("/near/video.m3u8?_HLS_msn=x").status == 400)
            #expect(try await web.get("/near/video.m3u8", method: "POST").status == 405)
            for _ in 1..<PopularBodies.popular {
                #expect(try await web.get("/near/1.ts").body == Array(ServedWeb.segment.readableBytesView))
            }
            #expect(try await web.get("/near/1.ts").status == 404, "to be put where many can get it")
            // One after another on one connection, mixed with what is not at hand.
            let client = try await web.client()
            for target in ["/near/video.m3u8", "/gate/2.ts", "/gate/1.ts"] {
                try await client.send(ServedWeb.request(target))
            }
            #expect(try await client.answers(3).map(\.body.count) == [1628, 10, 100_000])
            await client.close()
        }
    }

    @Test("What cannot be had says why")
    func refusals() async throws {
        try await ServedWeb.run { web in
            let late = try await web.get("/gate/late.m3u8")
            #expect(
                late.status == 503 && late.text == "the camera did not come in time\n"
                    && late.header("Retry-After") != nil)
            #expect(try await web.get("/gate/bad.m3u8").status == 400)
            #expect(try await web.get("/gate/odd.m3u8").status == 415)
            #expect(try await web.get("/gate/none.ts").status == 404)
            #expect(try await web.get("/none/index.m3u8").status == 404)
            #expect(try await web.get("/none/index.m3u8").header("Access-Control-Allow-Origin") == "*")
        }
    }

    @Test("A snapshot comes as wide as it is asked for")
    func snapshots() async throws {
        try await ServedWeb.run { web in
            let picture = try await web.get("/gate/snapshot.jpg?width=640")
            #expect(picture.text == "picture 640" && picture.header("Content-Type") == "image/jpeg")
            #expect(picture.header("Last-Modified") == "Tue, 14 Nov 2023 22:13:20 GMT")
            #expect(try await web.get("/gate/snapshot.jpg").text == "picture 0")
            #expect(try await web.get("/dark/snapshot.jpg").status == 503)
            #expect(try await web.get("/none/snapshot.jpg").status == 404)
            for width in [
                "0", "15", "7681", "-640", "+640", "640.0", "NaN", "inf", "6%2040", "x", "", "99999999999999999999",
            ] {
                #expect(try await web.get("/gate/snapshot.jpg?width=\(width)").status == 400, "\(width)")
            }
        }
    }

    @Test("Other methods are told which there are, and OPTIONS is answered to whatever page may ask")
    func methods() async throws {
        try await ServedWeb.run(origin: .one("https://wall.example.net")) { web in
            for method in ["POST", "DELETE", "PROPFIND", "TRACE"] {
                let answer = try await web.get("/gate/index.m3u8", method: method)
                #expect(answer.status == 405 && answer.header("Allow") == "GET, HEAD, OPTIONS", "\(method)")
            }
            let preflight = try await web.get(
                "/gate/index.m3u8", ["Origin: https://x", "Access-Control-Request-Method: GET"], method: "OPTIONS")
            #expect(preflight.status == 204)
            #expect(preflight.header("Access-Control-Allow-Origin") == "https://wall.example.net")
            #expect(preflight.header("Access-Control-Allow-Methods") == "GET, HEAD, OPTIONS")
            #expect(preflight.header("Access-Control-Allow-Headers")?.contains("Range") == true)
            #expect(try await web.get("*", method: "OPTIONS").status == 204)
        }
        try await ServedWeb.run(origin: .none) { web in
            let page = try await web.get("/")
            #expect(page.header("Access-Control-Allow-Origin") == nil)
        }
    }
}
