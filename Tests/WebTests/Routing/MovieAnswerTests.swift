import Egress
import Foundation
import HLS
import NIOCore
import TestSupport
import Testing

@testable import Web

@Suite("Movies over HTTP")
struct MovieAnswerTests {
    @Test("A movie comes whole, and in the parts that are asked for, whatever its size")
    func parts() async throws {
        try await ServedWeb.run { web in
            let bytes = try web.movie("a.mp4", bytes: 1_000_000)
            let whole = try await web.get("/media/a.mp4")
            #expect(whole.status == 200 && whole.body == bytes)
            #expect(whole.header("Content-Type") == "video/mp4")
            #expect(whole.header("Accept-Ranges") == "bytes")
            #expect(whole.header("Access-Control-Allow-Origin") == "*")
            let ranges: [(String, Range<Int>)] = [
                ("0-0", 0..<1), ("0-", 0..<1_000_000), ("131071-131073", 131_071..<131_074),
                ("-10", 999_990..<1_000_000),
                ("999999-5000000", 999_999..<1_000_000), ("200000-800000", 200_000..<800_001),
            ]
            for (text, range) in ranges {
                let part = try await web.get("/media/a.mp4", ["Range: bytes=\(text)"])
                #expect(part.status == 206 && part.body == Array(bytes[range]), "\(text)")
                #expect(
                    part.header("Content-Range") == "bytes \(range.lowerBound)-\(range.upperBound - 1)/1000000",
                    "\(text)")
            }
            let beyond = try await web.get("/media/a.mp4", ["Range: bytes=1000000-"])
            #expect(beyond.status == 416 && beyond.header("Content-Range") == "bytes */1000000")
            let head = try await web.get("/media/a.mp4", method: "HEAD")
            #expect(head.status == 200 && head.header("Content-Length") == "1000000" && head.body.isEmpty)
        }
    }

    @Test("Who knows a movie as it is gets 304; who has a part of another one gets the whole")
    func conditions() async throws {
        try await ServedWeb.run { web in
            try web.movie("a.mov", bytes: 1000)
            let first = try await web.get("/media/a.mov")
            let tag = try #require(first.header("ETag"))
            let modified = try #require(first.header("Last-Modified"))
            #expect(first.header("Content-Type") == "video/quicktime")
            for condition in ["If-None-Match: \(tag)", "If-Modified-Since: \(modified)"] {
                let again = try await web.get("/media/a.mov", [condition])
                #expect(again.status == 304 && again.body.isEmpty && again.header("ETag") == tag)
            }
            #expect(try await web.get("/media/a.mov", ["If-Range: \(tag)", "Range: bytes=0-1"]).status == 206)
            try web.movie("a.mov", bytes: 2000)
            let changed = try await web.get("/media/a.mov", ["If-Range: \(tag)", "Range: bytes=0-1"])
            #expect(changed.status == 200 && changed.body.count == 2000 && changed.header("ETag") != tag)
            #expect(try await web.get("/media/a.mov", ["If-Match: \(tag)"]).status == 412)
        }
    }

    @Test("What RTSP refuses is refused: what is not there, is hidden, leads out, or is no movie")
    func refusals() async throws {
        try await ServedWeb.run { web in
            try Data("root:x:0:0:".utf8).write(to: web.folder.appending(path: "passwords.mp4"))
            try Data().write(to: web.folder.appending(path: "empty.mp4"))
            try web.movie(".hidden.mp4", bytes: 100)
            let outside = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).mp4")
            try Data("\0\0\0\u{18}ftypisom".utf8).write(to: outside)
            defer { try? FileManager.default.removeItem(at: outside) }
            let link = web.folder.appending(path: "link.mp4").path
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: outside.path)
            #expect(mkfifo(web.folder.appending(path: "pipe.mp4").path, 0o600) == 0)
            let statuses = [
                "none.mp4": 404, ".hidden.mp4": 404, "../a.mp4": 403, "%2e%2e/%2e%2e/etc/passwd": 403, "./a.mp4": 403,
                "link.mp4": 404, "passwords.mp4": 415, "empty.mp4": 415, "pipe.mp4": 415, "a%00.mp4": 400,
                "..%2fa.mp4": 400,
            ]
            for (name, status) in statuses {
                #expect(try await web.get("/media/\(name)").status == status, "\(name)")
            }
            #expect(try await web.get("/media/").status == 404)
        }
    }

    @Test("Who fetches a file that is replaced gets the old one to its end; one that is written over breaks off")
    func replaced() async throws {
        try await ServedWeb.run { web in
            let bytes = try web.movie("a.mp4", bytes: 8_000_000)
            for isReplaced in [true, false] {
                let client = try await web.client(isReading: false)
                try await client.send(ServedWeb.request("/media/a.mp4"))
                let count = isReplaced ? 1 : 2
                try await eventually("answered") {
                    web.log.lines.count { $0.hasPrefix("debug request answered") } == count
                }
                let name = web.folder.appending(path: "a.mp4")
                if isReplaced { try FileManager.default.moveItem(at: name, to: web.folder.appending(path: "old.mp4")) }
                try web.movie("a.mp4", bytes: isReplaced ? 8_000_000 : 1000)
                client.read()
                if isReplaced {
                    #expect(try await client.answers(1).first?.body == bytes)
                } else {
                    #expect(try await client.lastAnswers().isEmpty)
                    #expect(web.log.contains("movie broken off"))
                }
                await client.close()
            }
        }
    }

    @Test("Playlists and segments lie below a movie's path; what is no name of one is a movie, or none")
    func routes() throws {
        let movies = MediaConfiguration(folder: "/", path: "media/all")
        func route(_ path: String) throws -> WebRoute {
            WebRoute(try #require(WebTarget(parsing: path)), movies: movies)
        }
        #expect(try route("/media/all/a/b.mp4/index.m3u8") == .movieHLS("media/all/a/b.mp4", .variants))
        #expect(try route("/media/all/b.mp4/video.m3u8") == .movieHLS("media/all/b.mp4", .playlist))
        let segment = OnDemandFile.segment(tag: "0123456789abcdef", number: 3, ending: "ts")
        #expect(try route("/media/all/b.mp4/0123456789abcdef-3.ts") == .movieHLS("media/all/b.mp4", segment))
        for path in ["media/all/b.mp4", "media/all/index.m3u8", "media/all/b.mp4/3.ts", "media/all/b/other.m3u8"] {
            #expect(try route("/" + path) == .movie(path))
        }
    }

    @Test("Playlists of what is no movie are refused as the movie is, and told why")
    func playlists() async throws {
        try await ServedWeb.run { web in
            try web.movie("a.mp4", bytes: 1000)
            for (name, status) in ["none.mp4": 404, ".a.mp4": 404, "../a.mp4": 403, "a.mp4": 415] {
                for file in ["index.m3u8", "video.m3u8", "0123456789abcdef-3.ts"] {
                    let answer = try await web.get("/media/\(name)/\(file)")
                    #expect(answer.status == status, "\(name)/\(file)")
                    #expect(status != 415 || String(decoding: answer.body, as: UTF8.self) != "Unsupported Media Type\n")
                }
            }
        }
    }
}
