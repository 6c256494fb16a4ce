import Egress
import Foundation
import NIOCore
import Server
import TestSupport
import Testing

@Suite("HTTP, as curl and ffmpeg see it", .onQuietMachine)
struct WebPlaybackTests {
    /// Four seconds with B frames and a key frame every half; what is needed to play it stands at its end.
    private static func movie(in folder: URL) async throws {
        _ = try await OutsideTool("ffmpeg").output(
            [
                "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=4", "-f",
                "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=4", "-pix_fmt", "yuv420p", "-c:v",
                "libx264", "-preset", "veryfast", "-g", "12", "-c:a", "aac", "film.mp4",
            ], in: folder)
    }

    /// A relay with the movies of a folder, over HTTP and HTTPS.
    private static func withRelay(_ folder: URL, _ body: (RunningRelay) async throws -> Void) async throws {
        try await Certificate.with { files, _ in
            try await IntegrationTests.withRelay(
                [.testCamera()], certificate: files, media: MediaConfiguration(folder: folder.path), body)
        }
    }

    private static func frames(_ input: [String], in folder: URL) async throws -> [String] {
        try await OutsideTool("ffmpeg").lines(
            ["-nostdin", "-loglevel", "error"] + input + ["-map", "0", "-f", "framemd5", "-"], in: folder
        ).filter { !$0.hasPrefix("#") }
    }

    @Test("ffmpeg gets every frame of a movie as it is in the file, over HTTP and HTTPS, and seeks in it")
    func ffmpeg() async throws {
        try await withTemporaryDirectory { folder in
            try await Self.movie(in: folder)
            try await Self.withRelay(folder) { relay in
                for seek in [[], ["-ss", "2.1"]] {
                    let expected = try await Self.frames(seek + ["-i", "film.mp4"], in: folder)
                    #expect(expected.count > 100)
                    for url in [relay.webURL("media/film.mp4"), relay.secureWebURL("media/film.mp4")] {
                        #expect(try await Self.frames(seek + ["-i", url], in: folder) == expected, "\(seek) \(url)")
                    }
                }
                #expect(relay.log.contains { $0.contains("request answered") && $0.contains("status=206") })
            }
        }
    }

    @Test("ffmpeg plays the test camera as HLS from the first request on, with its sound, and without a gap")
    func hls() async throws {
        try await withTemporaryDirectory { folder in
            try await IntegrationTests.withRelay([.testCamera()]) { relay in
                let packets = try await OutsideTool("ffprobe").lines(
                    [
                        "-loglevel", "error", "-read_intervals", "%+4", "-show_entries",
                        "packet=stream_index,dts_time", "-of", "csv=p=0", relay.webURL("test/video.m3u8"),
                    ], in: folder
                ).map { $0.split(separator: ",") }
                for (stream, step) in [("0", 0.04), ("1", 0.0214)] {
                    let found = packets.filter { $0.first.map(String.init) == stream }.compactMap { Double($0[1]) }
                    #expect(found.count > 90)
                    #expect(zip(found, found.dropFirst()).allSatisfy { $1 > $0 && $1 - $0 < step * 1.2 })
                }
            }
        }
    }

    @Test("A still picture of a stream is a JPEG as wide as asked for, and no wider than the stream; none is no stream")
    func stills() async throws {
        try await withTemporaryDirectory { folder in
            try await IntegrationTests.withRelay([.testCamera()]) { relay in
                for (width, expected) in [(nil, 640), (160, 160), (5000, 640)] as [(Int?, Int)] {
                    let query = width.map { "?width=\($0)" } ?? ""
                    let file = folder.appending(path: "still.jpg").path
                    _ = try await OutsideTool("curl").output(
                        ["--silent", "--fail", "--output", file, relay.webURL("test/snapshot.jpg\(query)")], in: folder)
                    let size = try await OutsideTool("ffprobe").lines(
                        ["-loglevel", "error", "-show_entries", "stream=codec_name,width", "-of", "csv=p=0", file],
                        in: folder)
                    #expect(size == ["mjpeg,\(expected)"])
                }
                let status = try await OutsideTool("curl").output(
                    [
                        "--silent", "--output", "/dev/null", "--write-out", "%{http_code}",
                        relay.webURL("nobody/snapshot.jpg"),
                    ], in: folder)
                #expect(String(decoding: status, as: UTF8.self) == "404")
            }
        }
    }

    @Test("curl fetches a movie, a part of it and the rest of it, and is told what has not changed")
    func curl() async throws {
        try await withTemporaryDirectory { folder in
            try await Self.movie(in: folder)
            let film = Array(try Data(contentsOf: folder.appending(path: "film.mp4")))
            try await Self.withRelay(folder) { relay in
                let url = relay.webURL("media/film.mp4")
                func curl(_ arguments: [String]) async throws -> [UInt8] {
                    try await OutsideTool("curl").output(["--silent", "--show-error"] + arguments, in: folder)
                }
                #expect(try await curl([url]) == film)
                #expect(try await curl(["--insecure", relay.secureWebURL("media/film.mp4")]) == film)
                #expect(try await curl(["--range", "1000-1999", url]) == Array(film[1000..<2000]))
                #expect(try await curl(["--range", "-100", url]) == Array(film.suffix(100)))
                let part = folder.appending(path: "part.mp4")
                try Data(film.prefix(5000)).write(to: part)
                _ = try await curl(["--continue-at", "-", "--output", part.path, url])
                #expect(Array(try Data(contentsOf: part)) == film)
                let head = String(decoding: try await curl(["--head", url]), as: UTF8.self)
                #expect(head.hasPrefix("HTTP/1.1 200 OK") && head.contains("Content-Length: \(film.count)\r\n"))
                let etag = folder.appending(path: "etag").path
                _ = try await curl(["--etag-save", etag, "--output", "/dev/null", url])
                let status = try await curl([
                    "--etag-compare", etag, "--write-out", "%{http_code} %{size_download}", url,
                ])
                #expect(String(decoding: status, as: UTF8.self) == "304 0")
            }
        }
    }
}
