import Foundation
import NIOCore
import RTSP
import TestSupport
import Testing
import Web

@testable import Server

@Suite("The file of the access log")
struct AccessLogFileTests {
    private static func line(_ status: Int) -> AccessLogLine {
        AccessLogLine(
            address: "10.0.0.7", time: HTTPDate(unixSeconds: 0), head: nil, status: status, bytes: 1, milliseconds: 0)
    }

    /// The statuses of its lines.
    private static func statuses(_ path: String) -> [Int] {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { line in
            Int(line.split(separator: "\"")[2].dropFirst().prefix(3))
        }
    }

    @Test("Lines come soon, behind what was there, and the group may read them")
    func appending() async throws {
        try await withTemporaryDirectory { folder in
            let path = folder.appending(path: "access.log").path()
            let first = try AccessLogFile(path: path, logger: LogRecord().logger)
            for status in 200..<210 { first.log.append(Self.line(status)) }
            try await eventually("ten lines") { Self.statuses(path) == Array(200..<210) }
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect((mode ?? 0) & ~0o640 == 0)
            await first.stop()
            let second = try AccessLogFile(path: path, logger: LogRecord().logger)
            second.log.append(Self.line(404))
            // What has not been written yet is when it stops.
            await second.stop()
            #expect(Self.statuses(path) == Array(200..<210) + [404])
        }
    }

    @Test("A file that was moved away is left behind when it is told to; one that was cut grows anew")
    func rotation() async throws {
        try await withTemporaryDirectory { folder in
            let (path, old) = (
                folder.appending(path: "access.log").path(), folder.appending(path: "access.log.1").path()
            )
            let record = LogRecord()
            let file = try AccessLogFile(path: path, logger: record.logger)
            file.log.append(Self.line(200))
            try await eventually("a line") { Self.statuses(path) == [200] }
            try FileManager.default.moveItem(atPath: path, toPath: old)
            file.log.append(Self.line(201))
            file.reopen()
            try await eventually("a new file") { FileManager.default.fileExists(atPath: path) }
            file.log.append(Self.line(202))
            try await eventually("a line in it") { Self.statuses(path) == [202] }
            #expect(Self.statuses(old) == [200, 201])
            // As "copytruncate" does.
            #expect(truncate(path, 0) == 0)
            file.log.append(Self.line(203))
            try await eventually("a line at its beginning") { Self.statuses(path) == [203] }
            try FileManager.default.removeItem(at: folder)
            file.reopen()
            try await eventually("the reason") {
                record.contains("error access log not reopened, and written to where it was error=no such file")
            }
            file.log.append(Self.line(204))
            await file.stop()
            #expect(!record.contains("loses lines"))
        }
    }

    @Test("A full disk is told once, and costs lines and nothing else")
    func full() async throws {
        let record = LogRecord()
        let file = try AccessLogFile(path: "/dev/full", logger: record.logger)
        file.log.append(Self.line(200))
        try await eventually("it is told") { record.contains("warning access log loses lines reason=no space left") }
        for _ in 0..<3 { file.log.append(Self.line(200)) }
        await file.stop()
        #expect(record.lines.dropFirst() == ["notice access log has lost lines lost=4"])
    }

    @Test("A disk that does not answer holds up nobody, and not the end of the server")
    func stuck() async throws {
        try await withTemporaryDirectory { folder in
            let path = folder.appending(path: "pipe").path()
            try #require(mkfifo(path, 0o600) == 0)
            let reader = open(path, O_RDONLY | O_NONBLOCK)
            let record = LogRecord()
            let file = try AccessLogFile(path: path, logger: record.logger)
            try await eventually("more than there is room for") {
                for _ in 0..<5000 { file.log.append(Self.line(200)) }
                return record.contains("written more slowly than requests are answered")
            }
            #expect(record.lines.count == 1)
            let begin = NIODeadline.now()
            await file.stop()
            #expect(NIODeadline.now() - begin < .seconds(5))
            close(reader)
        }
    }

    @Test(
        "What cannot be written is said at the start, with what to do",
        arguments: ["/nowhere/access.log", "/", "/proc/x"])
    func unwritable(path: String) {
        let error = #expect(throws: AccessLogFile.Unwritable.self) {
            try AccessLogFile(path: path, logger: LogRecord().logger)
        }
        #expect(error?.description.hasPrefix("cannot write the access log \(path): ") == true)
    }

    @Test("A pipe that nobody reads is refused, and not waited for")
    func pipe() async throws {
        try await withTemporaryDirectory { folder in
            let path = folder.appending(path: "pipe").path()
            try #require(mkfifo(path, 0o600) == 0)
            #expect(throws: AccessLogFile.Unwritable.self) { try AccessLogFile(path: path, logger: LogRecord().logger) }
        }
    }

    @Test("http.access_log is a path beside the configuration, or standard output")
    func configuration() throws {
        let cameras = "\ncameras: {test: {test_camera: {}}}"
        #expect(try load("http: {access_log: log/a}\(cameras)", file: "/etc/relays.yaml").web.accessLog == "/etc/log/a")
        #expect(try load("http: {access_log: \"-\"}\(cameras)").web.accessLog == "-")
        #expect(try load("http: {}\(cameras)").web.accessLog == nil)
        #expect(try load("http: {access_log: /a}\(cameras)").summary.contains("each request noted in /a\n"))
        for path in ["log/", "http://h/a"] {
            #expect(
                errors("http: {access_log: \"\(path)\"}\(cameras)") == [
                    "relays.yaml:1:20: http.access_log: found \"\(path)\", expected the path of a file, or \"-\" for standard output"
                ])
        }
    }
}
