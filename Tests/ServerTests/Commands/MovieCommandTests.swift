import Foundation
import NIOCore
import TestSupport
import Testing

@Suite("The command line for movies")
struct MovieCommandTests {
    /// A folder with a movie of one second with picture and sound, the same with hint tracks, and some files that are none.
    private static func withMovies(
        _ body: (_ run: (_ arguments: String...) async throws -> RunningTool.Ended, URL) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { folder in
            for arguments in [
                [
                    "-f", "lavfi", "-i", "testsrc2=size=160x120:rate=25:duration=1", "-f", "lavfi", "-i",
                    "sine=frequency=440:sample_rate=48000:duration=1", "-pix_fmt", "yuv420p", "-c:v", "libx264",
                    "-preset", "veryfast", "-g", "12", "-c:a", "aac", "plain.mp4",
                ],
                ["-i", "plain.mp4", "-c", "copy", "-movflags", "rtphint", "hinted.mov"],
            ] {
                _ = try await OutsideTool("ffmpeg").output(["-nostdin", "-loglevel", "error"] + arguments, in: folder)
            }
            let whole = try Data(contentsOf: folder.appending(path: "plain.mp4"))
            // Its moov is behind the media.
            try whole.prefix(whole.count / 2).write(to: folder.appending(path: "half.mp4"))
            try Data("no movie at all, but some text".utf8).write(to: folder.appending(path: "text.mp4"))
            try Data().write(to: folder.appending(path: "empty.mp4"))
            let program = try OutsideTool.heliograph()
            try await body(
                { (arguments: String...) in
                    try await program.start(["movie"] + arguments, in: folder).ended(within: .seconds(60))
                }, folder)
        }
    }

    private static func json(_ ended: RunningTool.Ended) throws -> Any {
        try JSONSerialization.jsonObject(with: Data(ended.lines.joined(separator: "\n").utf8))
    }

    @Test("info, tracks and samples tell of a movie in words and as JSON, and end with 0")
    func whatIsInIt() async throws {
        try await Self.withMovies { run, _ in
            let info = try await run("info", "hinted.mov")
            #expect(info.status == 0 && info.complaints == [])
            let text = info.lines.joined(separator: "\n")
            for word in ["avc1", "mp4a", "160", "hint"] { #expect(text.contains(word), "\(word) in \(text)") }
            let object = try #require(try Self.json(await run("info", "hinted.mov", "--json")) as? [String: Any])
            #expect((object["tracks"] as? [Any])?.count == 4)
            let tracks = try await run("tracks", "plain.mp4")
            #expect(tracks.status == 0 && tracks.lines.count == 3)
            let list = try #require(try Self.json(await run("tracks", "plain.mp4", "--json")) as? [[String: Any]])
            #expect(list.map { $0["track"] as? Int } == [1, 2])
            #expect(list.first?["samples"] as? Int == 25)
            let samples = try #require(try Self.json(await run("samples", "plain.mp4", "1", "--json")) as? [Any])
            #expect(samples.count == 25)
            let some = try await run("samples", "plain.mp4", "1", "--from", "13", "--count", "1")
            #expect(some.status == 0 && some.lines.last?.hasSuffix("K") == true, "\(some.lines)")
        }
    }

    @Test("table prints the table that is asked for, and names those that are there")
    func tables() async throws {
        try await Self.withMovies { run, _ in
            let table = try #require(
                try Self.json(await run("table", "plain.mp4", "1", "stss", "--json")) as? [String: Any])
            #expect(table["rows"] as? [[Int]] == [[1], [13], [25]])
            #expect(try await run("table", "plain.mp4", "1", "stss").lines.count == 4)
            let missing = try await run("table", "plain.mp4", "2", "stss")
            #expect(missing.status == 64 && missing.lines == [])
            #expect(missing.complaints.first?.contains("track 2 has no stss table; it has") == true)
            let track = try await run("table", "plain.mp4", "9", "stts")
            #expect(
                track.status == 64 && track.complaints.first?.contains("no track 9; it has 1 (vide), 2 (soun)") == true)
            #expect(try await run("table", "plain.mp4", "1", "moov").status == 64)
        }
    }

    @Test("packets and sdp tell how a movie is sent, hint copies it with hint tracks that are sent the same")
    func sending() async throws {
        try await Self.withMovies { run, folder in
            let packets = try #require(
                try Self.json(await run("packets", "plain.mp4", "1", "--json")) as? [[String: Any]])
            let sdp = try await run("sdp", "plain.mp4")
            #expect(sdp.status == 0 && sdp.lines.first == "v=0" && sdp.lines.contains("a=control:trackID=1"))
            #expect(try await run("sdp", "plain.mp4", "--write").status == 0)
            let written = try String(contentsOf: folder.appending(path: "plain.sdp"), encoding: .utf8)
            #expect(written.split(whereSeparator: \.isNewline).map(String.init) == sdp.lines)

            let hint = try await run("hint", "plain.mp4", "copy.mp4")
            #expect(hint.status == 0 && hint.lines.first?.hasPrefix("copy.mp4: 2 hint tracks, ") == true)
            let again = try await run("hint", "plain.mp4", "copy.mp4")
            #expect(again.status == 64 && again.complaints.first?.contains("--force") == true)
            #expect(try await run("hint", "plain.mp4", "plain.mp4", "--force").status == 64)
            let copied = try #require(
                try Self.json(await run("packets", "copy.mp4", "1", "--json")) as? [[String: Any]])
            // A hint track has no times before its beginning, which B frames have: those are sent a little later.
            for key in ["bytes", "timestamp"] {
                #expect(copied.map { $0[key] as? Double } == packets.map { $0[key] as? Double }, "\(key)")
            }
        }
    }

    @Test(
        "What is missing, empty, cut off, foreign, a folder or a device ends with 1 and one line that says so",
        arguments: ["info", "tracks", "packets", "sdp", "boxes"])
    func unreadable(command: String) async throws {
        try await Self.withMovies { run, _ in
            for (file, reason) in [
                ("missing.mp4", "No such file or directory"), ("empty.mp4", ""), ("text.mp4", ""), ("half.mp4", ""),
                (".", ""), ("/dev/zero", ""),
            ] {
                let ended = try await run(command, file)
                #expect(ended.status == 1, "\(command) \(file)")
                // boxes shows what there is of it.
                guard command != "boxes" || ended.lines.isEmpty else { continue }
                #expect(ended.lines == [] && ended.complaints.count == 1, "\(command) \(file) \(ended)")
                #expect(ended.complaints.first?.hasPrefix("Error: \(file): ") == true)
                #expect(reason.isEmpty || ended.complaints.first?.hasSuffix(reason) == true)
            }
            if command == "boxes" {
                let sound = try await run("boxes", "plain.mp4")
                #expect(sound.status == 0 && sound.lines.contains { $0.contains("stbl") })
                let list = try #require(try Self.json(await run("boxes", "plain.mp4", "--json")) as? [[String: Any]])
                #expect(list.count == sound.lines.count && list.first?["type"] as? String == "ftyp")
            }
        }
    }

    @Test("Wrong usage of broadcast ends with 64, what cannot be sent with 1, and no password is shown")
    func broadcast() async throws {
        try await Self.withMovies { run, folder in
            for arguments in [
                ["plain.mp4"], ["plain.mp4", "http://u:hunter2@relay/x"], ["plain.mp4", "rtp://239.1.1.1"],
                ["plain.mp4", "rtsp://u:hunter2@relay/x", "--sdp", "x.sdp"],
                ["plain.mp4", "rtp://127.0.0.1:5004", "--transport", "udp"],
                ["plain.mp4", "rtp://127.0.0.1:5004", "--ttl", "8"],
                ["plain.mp4", "rtp://[::1]:5004", "--interface", "lo"],
                ["plain.mp4", "rtp://127.0.0.1:5004", "--tracks", "1,1"],
                ["plain.mp4", "rtp://127.0.0.1:5004", "--tracks", "9"],
            ] {
                let program = try OutsideTool.heliograph()
                let ended = try await program.start(["movie", "broadcast"] + arguments, in: folder)
                    .ended(within: .seconds(60))
                #expect(ended.status == 64, "\(arguments)")
                #expect(!ended.complaints.joined().contains("hunter2"))
            }
            for file in ["missing.mp4", "text.mp4"] {
                #expect(try await run("broadcast", file, "rtp://127.0.0.1:5004").status == 1)
            }
            // Nobody listens on the port of discard.
            let refused = try await run("broadcast", "plain.mp4", "rtsp://u:hunter2@127.0.0.1:9/x")
            #expect(refused.status == 1 && refused.complaints.count == 1 && refused.lines == [])
            #expect(!refused.complaints.joined().contains("hunter2"))
            let nowhere = try await run("broadcast", "plain.mp4", "rtp://127.0.0.1:5004", "--sdp", "no/such/x.sdp")
            #expect(nowhere.status == 1 && nowhere.complaints.first?.contains("description cannot be written") == true)
        }
    }
}
