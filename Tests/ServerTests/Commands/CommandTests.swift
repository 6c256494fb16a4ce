import Foundation
import TestSupport
import Testing

@Suite("The command line")
struct CommandTests {
    /// How a run of the built program ended.
    struct Ended {
        var code: Int32
        var output: String
        var errors: String
    }

    private static func program() throws -> URL {
        URL(filePath: try OutsideTool.heliograph().name)
    }

    private func heliograph(_ arguments: String..., environment: [String: String] = [:]) throws -> Ended {
        let process = try start(arguments, environment: environment)
        return try end(of: process)
    }

    private struct Running {
        var process: Process
        var folder: URL
    }

    private func start(_ arguments: [String], environment: [String: String] = [:]) throws -> Running {
        let folder = FileManager.default.temporaryDirectory.appending(path: "heliograph-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let process = Process()
        process.executableURL = try Self.program()
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        for name in ["output", "errors"] {
            try Data().write(to: folder.appending(path: name))
        }
        process.standardOutput = try FileHandle(forWritingTo: folder.appending(path: "output"))
        process.standardError = try FileHandle(forWritingTo: folder.appending(path: "errors"))
        try process.run()
        return Running(process: process, folder: folder)
    }

    private func end(of running: Running) throws -> Ended {
        running.process.waitUntilExit()
        defer { try? FileManager.default.removeItem(at: running.folder) }
        return Ended(
            code: running.process.terminationStatus,
            output: try String(contentsOf: running.folder.appending(path: "output"), encoding: .utf8),
            errors: try String(contentsOf: running.folder.appending(path: "errors"), encoding: .utf8)
        )
    }

    private func withFile(_ text: String, _ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "relays-\(UUID().uuidString).yaml").path()
        try Data(text.utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    @Test("check of a good file shows what would be served and ends with 0")
    func good() throws {
        let text =
            "cameras:\n  test: {test_camera: {}}\n"
            + "  gate: {main: \"rtsp://u:hunter2@h/a\", sub: \"rtsp://u:hunter2@h/b\", on_demand: true, transport: udp}\n"
        try withFile(text) { path in
            let ended = try heliograph("check", path)
            #expect(ended.code == 0)
            #expect(ended.errors == "")
            #expect(
                ended.output == """
                    2 cameras, 3 streams at rtsp://HOST:8554/
                    over HTTP at http://HOST:8888/
                      test      test camera 1280x720 at 25 pictures a second
                      gate      rtsp://h/a (udp) on demand
                      gate/sub  rtsp://h/b (udp) on demand
                    ok

                    """
            )
        }
    }

    @Test("check of a wrong file prints each error on its line and ends with 78")
    func bad() throws {
        try withFile("cameras: {a: {}}\nrecording: 1\n") { path in
            for command in ["check", "serve"] {
                let ended = try heliograph(command, path)
                #expect(ended.code == 78)
                #expect(ended.output == "")
                let lines = ended.errors.split(separator: "\n")
                #expect(lines.count == 2)
                #expect(lines.first?.hasPrefix("\(path):1:11: cameras.a.main: found nothing") == true)
                #expect(lines.last?.hasPrefix("\(path):2:1: recording: ") == true)
            }
        }
    }

    @Test("A file that is missing, a folder, binary or too long ends with 78")
    func unreadable() throws {
        let missing = try heliograph("serve", "/nonexistent/relays.yaml")
        #expect(missing.code == 78)
        #expect(
            missing.errors == "/nonexistent/relays.yaml: found no such file or directory, expected a readable file; "
                + "give the path of relays.yaml\n"
        )
        #expect(try heliograph("check", "/").errors == "/: found is a directory, expected a readable file\n")
        #expect(try heliograph("check", "/dev/zero").code == 78)
        #expect(try heliograph("check", try Self.program().path()).code == 78)
        try withFile("") { path throws in
            #expect(try heliograph("check", path).code == 78)
        }
    }

    @Test("Wrong usage ends with 64")
    func usage() throws {
        #expect(try heliograph("check").code == 64)
        #expect(try heliograph("serve", "--log-level", "loud").code == 64)
        #expect(try heliograph("dance").code == 64)
        #expect(try heliograph("check", "a", "b").code == 64)
    }

    @Test("--version and --help say what they should and end with 0")
    func version() throws {
        let version = try heliograph("--version")
        #expect(version.code == 0)
        #expect(version.output == "0.1.0\n")
        let help = try heliograph("--help")
        #expect(help.code == 0)
        for word in ["serve", "check", "78", "ffplay rtsp://"] { #expect(help.output.contains(word)) }
    }

    @Test("Variables and files come from the environment and from beside the file")
    func variables() throws {
        try withFile("site: ${HELIOGRAPH_TEST_SITE}\ncameras: {test: {test_camera: {}}}\n") { path throws in
            #expect(try heliograph("check", path).code == 78)
            #expect(try heliograph("check", path, environment: ["HELIOGRAPH_TEST_SITE": "x"]).code == 0)
        }
    }
}
