import NIOCore
import NIOHTTP1
import RTSP
import TestSupport
import Testing

@testable import Web

@Suite("The access log")
struct AccessLogTests {
    private static let line = AccessLogLine(
        address: "10.0.0.7", time: HTTPDate(unixSeconds: 0), head: nil, status: 200, bytes: 1, milliseconds: 0)

    /// All that is there, line by line.
    private static func lines(of log: AccessLog) -> [String] {
        String(buffer: log.take()).split(separator: "\n").map(String.init)
    }

    @Test("Who writes is woken once for all that comes until he takes it")
    func waking() {
        let woken = Locked(0)
        let log = AccessLog(logger: LogRecord().logger) { _ in woken.change { $0 += 1 } }
        for _ in 0..<3 { log.append(Self.line) }
        #expect(woken.value == 1)
        #expect(Self.lines(of: log).count == 3)
        #expect(Self.lines(of: log).isEmpty)
        log.append(Self.line)
        #expect(woken.value == 2)
    }

    @Test("What finds no room is lost, told once, and once more when all was well for a minute")
    func losses() {
        let (record, now) = (LogRecord(), Locked(NIODeadline.now()))
        let log = AccessLog(room: 200, now: { now.value }, logger: record.logger) { _ in }
        for _ in 0..<1000 { log.append(Self.line) }
        let kept = Self.lines(of: log).count
        #expect((1..<10).contains(kept))
        log.wrote()
        log.lose(5, because: "no space left on device")
        log.append(Self.line)
        #expect(Self.lines(of: log).count == 1)
        now.change { $0 = $0 + .seconds(59) }
        log.wrote()
        #expect(record.lines.count == 1)
        now.change { $0 = $0 + .seconds(1) }
        log.wrote()
        log.wrote()
        #expect(
            record.lines == [
                "warning access log loses lines reason=it is written more slowly than requests are answered",
                "notice access log has lost lines lost=\(1000 - kept + 5)",
            ])
        log.lose(1, because: "x")
        log.wrote(isLast: true)
        #expect(
            record.lines.suffix(2) == [
                "warning access log loses lines reason=x", "notice access log has lost lines lost=1",
            ])
    }

    /// The lines of a server without what differs from run to run: request, status and bytes.
    private static func told(_ log: AccessLog, into told: Locked<[String]>) -> [String] {
        told.change { told in
            told += lines(of: log).map { line in
                let request = line.split(separator: "] ", maxSplits: 1)[1]
                return request.split(separator: " \"-\" \"-\"", maxSplits: 1).first.map(String.init) ?? ""
            }
            return told
        }
    }

    private static func run(
        live: FakeLive? = nil, responder: WebResponder? = nil,
        _ body: (ServedWeb, _ told: () -> [String]) async throws -> Void
    ) async throws {
        let log = AccessLog(logger: LogRecord().logger) { _ in }
        let told = Locked<[String]>([])
        try await ServedWeb.run(live: live?.service, accessLog: log, responder: responder) { web in
            try await body(web) { Self.told(log, into: told) }
        }
    }

    @Test("Each answer has its line, in its order, with the bytes of its body")
    func answers() async throws {
        try await Self.run { web, told in
            try web.movie("film.mp4", bytes: 300_000)
            _ = try await web.get("/gate/video.m3u8?_HLS_msn=5")
            _ = try await web.get("/gate/index.m3u8?password=hunter2", method: "HEAD")
            _ = try await web.get("/near/1.ts")
            _ = try await web.get("/near/1.ts", ["Range: bytes=10-19"])
            _ = try await web.get("/gate/snapshot.jpg")
            _ = try await web.get("/media/film.mp4")
            _ = try await web.get("/nobody/index.m3u8")
            _ = try await web.get("/", method: "DELETE")
            try await eventually("8 lines") { told().count >= 8 }
            #expect(
                told() == [
                    "\"GET /gate/video.m3u8?_HLS_msn=5 HTTP/1.1\" 404 10",
                    "\"HEAD /gate/index.m3u8?password=*** HTTP/1.1\" 200 -", "\"GET /near/1.ts HTTP/1.1\" 200 100000",
                    "\"GET /near/1.ts HTTP/1.1\" 206 10", "\"GET /gate/snapshot.jpg HTTP/1.1\" 200 9",
                    "\"GET /media/film.mp4 HTTP/1.1\" 200 300000", "\"GET /nobody/index.m3u8 HTTP/1.1\" 404 10",
                    "\"DELETE / HTTP/1.1\" 405 19",
                ])
        }
    }

    @Test(
        "What is refused has a line too, with what could be read of it",
        arguments: [
            ("GARBAGE\r\n\r\n", "\"-\" 400"), ("GET /a HTTP/1.1\r\n\r\n", "\"GET /a HTTP/1.1\" 400"),
            ("GET /%00?k=hunter2 HTTP/1.1\r\nHost: a\r\n\r\n", "\"GET /%00?k=*** HTTP/1.1\" 400"),
            ("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", "\"POST /a HTTP/1.1\" 413"),
            ("GET /" + String(repeating: "a", count: 20_000) + " HTTP/1.1\r\n\r\n", "\"-\" 431"),
        ])
    func refusals(request: String, line: String) async throws {
        try await Self.run { web, told in
            let client = try await web.client()
            await client.trySending(request)
            _ = try await client.lastAnswers()
            try await eventually("its line") { told().count == 1 }
            #expect(told().first?.hasPrefix(line) == true, "\(told())")
        }
    }

    @Test("Of a broken download is told what was taken, and with 499 who never had an answer")
    func brokenOff() async throws {
        let responder = WebResponder { request in
            if request.target.path == "late" { try? await Task.sleep(for: .seconds(600)) }
            return WebResponse(.ok, body: .bytes(ByteBuffer(repeating: 7, count: 10_000_000)))
        }
        let log = AccessLog(logger: LogRecord().logger) { _ in }
        let told = Locked<[String]>([])
        try await ServedWeb.run(accessLog: log, responder: responder) { web in
            let slow = try await web.client(isReading: false)
            try await slow.send(ServedWeb.request("/large"))
            try await eventually("it is asked") { web.server.counters.requests == 1 }
            await slow.close()
            try await eventually("its line") { Self.told(log, into: told).count == 1 }
            // A dash is nothing.
            let taken = try #require(told.value.first?.split(separator: " ").last)
            #expect(Int(taken) ?? 0 < 9_000_000, "\(taken)")
            let late = try await web.client()
            try await late.send(ServedWeb.request("/late"))
            try await eventually("it is asked") { web.server.counters.requests == 2 }
        }
        // The server has stopped.
        #expect(Self.told(log, into: told).last == "\"GET /late HTTP/1.1\" 499 -")
    }

    @Test("A WebSocket is one line at its end, with all that was sent; so is a film without end")
    func live() async throws {
        let live = FakeLive()
        try await Self.run(live: live) { web, told in
            live.picture("key", isKey: true)
            let socket = try await web.client()
            try await socket.send(
                ServedWeb.request(
                    "/gate/live",
                    [
                        "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                        "Sec-WebSocket-Version: 13",
                    ]))
            try await eventually("the film") { socket.bytes.suffix(3).elementsEqual("key".utf8) }
            let head = try #require(socket.bytes.firstRange(of: Array("\r\n\r\n".utf8)))
            #expect(told().isEmpty)
            await socket.close()
            try await eventually("its line") { told().count == 1 }
            #expect(told() == ["\"GET /gate/live HTTP/1.1\" 101 \(socket.bytes.count - head.upperBound)"])
            let film = try await web.client()
            try await film.send(ServedWeb.request("/gate/live.mp4"))
            try await eventually("the film") { String(decoding: film.bytes, as: UTF8.self).contains("key") }
            await film.close()
            // Who closes one way may still read: that nobody does is seen when more is sent.
            try await eventually("its line") {
                live.picture("more")
                return told().count == 2
            }
            let filmed = told().last?.split(separator: " ").last.flatMap { Int($0) } ?? 0
            #expect(
                told().last?.hasPrefix("\"GET /gate/live.mp4 HTTP/1.1\" 200 ") == true && filmed >= 20, "\(told())")
            await live.close()
        }
    }
}
