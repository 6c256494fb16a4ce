import Foundation
import NIOCore
import TestSupport
import Testing

@Suite("The access log of a server", .onQuietMachine)
struct AccessLogTests {
    /// A line as the expression reads it that the manual of Apache's log analysers is about, without the seconds behind it.
    struct Line: Hashable {
        var request: String
        var status: Int
        /// 0 for a dash.
        var bytes: Int
        var program: String

        init?(_ text: String) {
            let form =
                /127\.\d+\.\d+\.\d+ - - \[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d+|-) "(?:[^"\\]|\\.)*" "((?:[^"\\]|\\.)*)" \d+\.\d{3}/
            guard let found = text.wholeMatch(of: form)?.output else { return nil }
            request = String(found.1)
            status = Int(found.2) ?? 0
            bytes = Int(found.3) ?? 0
            program = String(found.4)
        }

        static func all(_ file: URL) throws -> [Line] {
            try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { text in
                try #require(Line(String(text)), "\(text)")
            }
        }
    }

    /// The program as it is installed, with one small camera, and the log in a file of the folder. It listens on an address of this
    /// machine that nobody else has, so that its ports are free.
    private static func run(in folder: URL, _ body: (_ url: String, RunningTool) async throws -> Void) async throws {
        let host =
            "127.\((1...254).randomElement() ?? 1).\((1...254).randomElement() ?? 1).\((2...254).randomElement() ?? 2)"
        let text = """
            listen: {rtsp: "\(host):8554", http: "\(host):8888"}
            http: {access_log: access.log}
            cameras: {gate: {test_camera: {width: 320, height: 180}}}
            """
        try Data(text.utf8).write(to: folder.appending(path: "relays.yaml"))
        let relay = try OutsideTool.heliograph().start(["serve", "relays.yaml"], in: folder)
        try await eventually("it listens") { relay.complaints.contains { $0.contains("ready to watch") } }
        try await body("http://\(host):8888", relay)
        await relay.stop()
    }

    /// One request of curl's: the status, and the bytes of the body, as it has them.
    private static func curl(_ arguments: [String], in folder: URL) async throws -> [Int] {
        let output = try await OutsideTool("curl").output(
            ["--silent", "--output", "/dev/null", "--write-out", "%{http_code} %{size_download}"] + arguments,
            in: folder)
        return String(decoding: output, as: UTF8.self).split(separator: " ").compactMap { Int($0) }
    }

    @Test("Each request of curl and ffmpeg is a line, with the status and the bytes that they have themselves")
    func lines() async throws {
        try await withTemporaryDirectory { folder in
            let file = folder.appending(path: "access.log")
            try await Self.run(in: folder) { url, _ in
                let requests: [(arguments: [String], line: String)] = [
                    (["\(url)/"], "GET / HTTP/1.1"),
                    (["\(url)/gate/snapshot.jpg?width=100"], "GET /gate/snapshot.jpg?width=100 HTTP/1.1"),
                    (["\(url)/nobody/index.m3u8?token=hunter2"], "GET /nobody/index.m3u8?token=*** HTTP/1.1"),
                    (["--data", "x", "\(url)/"], "POST / HTTP/1.1"), (["\(url)/%00"], "GET /%00 HTTP/1.1"),
                    (["--http1.0", "\(url)/a\"b"], "GET /a\\\"b HTTP/1.0"),
                    (["--head", "\(url)/gate/"], "HEAD /gate/ HTTP/1.1"),
                    (["--header", "A: \(String(repeating: "b", count: 20_000))", "\(url)/"], "-"),
                ]
                for (arguments, line) in requests {
                    let known = (try? Line.all(file).count) ?? 0
                    let heard = try await Self.curl(arguments, in: folder)
                    try await eventually("its line") { (try? Line.all(file).count) ?? 0 > known }
                    let told = try #require(try Line.all(file).last)
                    #expect(told.request == line)
                    #expect([told.status, told.bytes] == heard, "\(told)")
                    #expect(told.program.hasPrefix("curl/") || line == "-")
                }
                _ = try await OutsideTool("ffmpeg").output(
                    ["-nostdin", "-loglevel", "error", "-i", "\(url)/gate/index.m3u8", "-t", "3", "-f", "null", "-"],
                    in: folder)
                _ = try? await OutsideTool("curl").output(
                    ["--silent", "--output", "film.mp4", "--max-time", "3", "\(url)/gate/live.mp4"], in: folder)
                try await eventually("the film's line") {
                    try Line.all(file).contains { $0.request.contains("live.mp4") }
                }
                let lines = try Line.all(file)
                let segments = lines.filter { $0.request.contains(".ts ") && $0.program.hasPrefix("Lavf/") }
                #expect(
                    segments.count >= 2 && segments.allSatisfy { $0.bytes > 10_000 && (200...206).contains($0.status) })
                #expect(
                    lines.contains { $0.request.hasPrefix("GET /gate/index.m3u8 ") && $0.program.hasPrefix("Lavf/") })
                let film = try #require(lines.last { $0.request.contains("live.mp4") })
                let size = try Data(contentsOf: folder.appending(path: "film.mp4")).count
                #expect(film.status == 200 && film.bytes >= size && film.bytes < size + 200_000, "\(film), \(size)")
                #expect(!(try String(contentsOf: file, encoding: .utf8)).contains("hunter2"))
            }
        }
    }

    @Test("SIGHUP has it go on in a new file, and nothing is lost between the two")
    func rotation() async throws {
        try await withTemporaryDirectory { folder in
            let (file, old) = (folder.appending(path: "access.log"), folder.appending(path: "access.log.1"))
            try await Self.run(in: folder) { url, relay in
                for _ in 0..<3 { _ = try await Self.curl(["\(url)/before"], in: folder) }
                try FileManager.default.moveItem(at: file, to: old)
                _ = try await Self.curl(["\(url)/between"], in: folder)
                relay.hangUp()
                try await eventually("a new file") { FileManager.default.fileExists(atPath: file.path) }
                _ = try await Self.curl(["\(url)/behind"], in: folder)
                try await eventually("its line") { try Line.all(file).count == 1 }
                #expect(
                    try Line.all(old).map(\.request).map { $0.split(separator: " ")[1] } == [
                        "/before", "/before", "/before", "/between",
                    ])
                #expect(try Line.all(file).first?.request == "GET /behind HTTP/1.1")
                #expect(relay.isRunning)
            }
        }
    }
}
