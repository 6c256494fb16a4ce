import Egress
import Foundation
import TestSupport
import Testing

@testable import Server

@Suite("Movies as HLS, as ffmpeg and curl see them", .onQuietMachine)
struct MovieHLSTests {
    private static func make(_ name: String, _ arguments: [String], in folder: URL) async throws {
        _ = try await OutsideTool("ffmpeg").output(
            ["-nostdin", "-y", "-loglevel", "error"] + arguments + [name], in: folder)
    }

    /// Six seconds with B frames and a key frame each 0.8 s.
    private static func film(_ name: String, _ coder: [String], in folder: URL) async throws {
        try await make(
            name,
            [
                "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=6", "-f", "lavfi", "-i",
                "sine=frequency=440:sample_rate=48000:duration=6", "-pix_fmt", "yuv420p", "-c:a", "aac",
            ] + coder, in: folder)
    }

    private static func frames(_ input: String, _ track: String, in folder: URL) async throws -> [String] {
        try await OutsideTool("ffmpeg").lines(
            ["-nostdin", "-loglevel", "error", "-i", input, "-map", "0:\(track)", "-f", "framemd5", "-"], in: folder
        ).filter { !$0.hasPrefix("#") }.compactMap { $0.split(separator: " ").last.map(String.init) }
    }

    private static func duration(_ input: String, in folder: URL) async throws -> Double {
        let lines = try await OutsideTool("ffprobe").lines(
            ["-loglevel", "error", "-show_entries", "format=duration", "-of", "csv=p=0", input], in: folder)
        return lines.first.flatMap(Double.init) ?? -1
    }

    @Test("A movie that is turned, as telephones make them, is turned as HLS too")
    func turned() async throws {
        try await withTemporaryDirectory { folder in
            try await Self.film("a.mp4", ["-c:v", "libx264", "-preset", "ultrafast", "-g", "20"], in: folder)
            try await Self.make("b.mp4", ["-i", "a.mp4", "-c", "copy", "-metadata:s:v", "rotate=90"], in: folder)
            let upright = try await Self.frames("a.mp4", "v", in: folder)
            let expected = try await Self.frames("b.mp4", "v", in: folder)
            #expect(expected.count == 150 && expected != upright)
            try await IntegrationTests.withRelay([.testCamera()], media: MediaConfiguration(folder: folder.path)) {
                relay in
                let turned = try await Self.frames(relay.webURL("media/b.mp4/index.m3u8"), "v", in: folder)
                #expect(turned == expected)
            }
        }
    }

    @Test("ffmpeg gets every picture and sound of H.264 in MPEG-TS and H.265 in fMP4 as in the file, and as long")
    func whole() async throws {
        try await withTemporaryDirectory { folder in
            try await Self.film(
                "a.mp4", ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "20"], in: folder)
            try await Self.film(
                "b.mp4",
                [
                    "-c:v", "libx265", "-preset", "ultrafast", "-tag:v", "hvc1", "-x265-params",
                    "log-level=none:keyint=20:bframes=2",
                ], in: folder)
            try await IntegrationTests.withRelay([.testCamera()], media: MediaConfiguration(folder: folder.path)) {
                relay in
                for name in ["a.mp4", "b.mp4"] {
                    let url = relay.webURL("media/\(name)/index.m3u8")
                    #expect(try await Self.frames(url, "v", in: folder) == Self.frames(name, "v", in: folder))
                    let heard = try await Self.frames(url, "a", in: folder)
                    let expected = try await Self.frames(name, "a", in: folder)
                    // The frame before the first one is what that is decoded with; an edit list tells it apart in the file.
                    #expect(expected.count > 250 && heard.suffix(expected.count) == expected[...])
                    #expect(heard.count <= expected.count + 1)
                    #expect(try await Self.duration(url, in: folder) == Self.duration(name, in: folder))
                }
            }
        }
    }

    @Test("Each segment, in any order, begins with a key frame, at its time; an old one of a replaced file is gone")
    func segments() async throws {
        try await withTemporaryDirectory { folder in
            try await Self.film(
                "a.mp4", ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "20"], in: folder)
            // Begins and ends between key frames, by its edit list.
            try await Self.make("cut.mp4", ["-ss", "1.1", "-i", "a.mp4", "-c", "copy"], in: folder)
            try await IntegrationTests.withRelay([.testCamera()], media: MediaConfiguration(folder: folder.path)) {
                relay in
                let base = relay.webURL("media/cut.mp4/")
                // All that there is, those before the beginning too.
                let lines = try await OutsideTool("ffmpeg").lines(
                    [
                        "-nostdin", "-loglevel", "error", "-ignore_editlist", "1", "-i", "cut.mp4", "-map", "0:v", "-f",
                        "framemd5", "-",
                    ], in: folder)
                let expected = lines.filter { !$0.hasPrefix("#") }.compactMap {
                    $0.split(separator: " ").last.map(String.init)
                }
                #expect(try await Self.frames(base + "video.m3u8", "v", in: folder) == expected)
                let playlist = try await OutsideTool("curl").lines(["--silent", base + "video.m3u8"], in: folder)
                #expect(playlist.contains("#EXT-X-START:TIME-OFFSET=0.300000,PRECISE=YES"))
                let names = playlist.filter { !$0.hasPrefix("#") }
                #expect(names.count >= 2)
                var last = Double.infinity
                for name in names.reversed() {
                    _ = try await OutsideTool("curl").output(
                        ["--silent", "--fail", "--output", "one.ts", base + name], in: folder)
                    let packets = try await OutsideTool("ffprobe").lines(
                        [
                            "-loglevel", "error", "-select_streams", "v", "-show_entries", "packet=pts_time,flags",
                            "-of", "csv=p=0", "one.ts",
                        ], in: folder)
                    let first = try #require(packets.first?.split(separator: ","))
                    let time = try #require(Double(first[0]))
                    #expect(first[1].hasPrefix("K") && time < last)
                    last = time
                }
                try await Self.make("new.mp4", ["-i", "a.mp4", "-c", "copy"], in: folder)
                let place = folder.appending(path: "cut.mp4")
                try FileManager.default.removeItem(at: place)
                try FileManager.default.moveItem(at: folder.appending(path: "new.mp4"), to: place)
                let status = try await OutsideTool("curl").output(
                    ["--silent", "--output", "/dev/null", "--write-out", "%{http_code}", base + names[0]], in: folder)
                #expect(String(decoding: status, as: UTF8.self) == "404")
            }
        }
    }
}
