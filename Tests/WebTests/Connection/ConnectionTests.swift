import NIOCore
import NIOHTTP1
import NIOPosix
import RTSP
import RTSPTransport
import TestSupport
import Testing

@testable import Web

@Suite("Connections of viewers over HTTP")
struct ConnectionTests {
    /// One limit is short: on a busy machine the others must not come first.
    private static func hasty(_ limit: WritableKeyPath<WebLimits, TimeAmount>) -> WebLimits {
        var limits = WebLimits()
        limits[keyPath: limit] = .milliseconds(300)
        return limits
    }

    @Test("One connection takes one request after another, and ends where a request says so")
    func keptAlive() async throws {
        try await ServedWeb.run { web in
            let client = try await web.client()
            for count in 1...3 {
                try await client.send(ServedWeb.request("/gate/1.ts"))
                #expect(try await client.answers(count).count == count)
            }
            try await client.send(ServedWeb.request("/gate/1.ts", ["Connection: close"]) + ServedWeb.request("/"))
            let answers = try await client.lastAnswers()
            #expect(answers.map(\.status) == [200, 200, 200, 200])
            #expect(answers.map { $0.header("Connection") } == [nil, nil, nil, "close"])
            #expect(answers[0].header("Date") == "Tue, 14 Nov 2023 22:13:20 GMT")
            #expect(answers[0].header("Server") == "Heliograph/0.1")
        }
    }

    @Test("HTTP/1.0 ends with the answer, or goes on where it asks to")
    func older() async throws {
        try await ServedWeb.run { web in
            let client = try await web.client()
            try await client.send("GET /gate/1.ts HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            #expect(try await client.answers(1).first?.header("Connection") == "keep-alive")
            try await client.send("GET /gate/1.ts HTTP/1.0\r\n\r\n")
            #expect(try await client.lastAnswers().map(\.status) == [200, 200])
        }
    }

    @Test("Who asks for another protocol is answered in this one, and then it ends")
    func upgrade() async throws {
        try await ServedWeb.run { web in
            let client = try await web.client()
            let fields = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"]
            try await client.send(ServedWeb.request("/gate/1.ts", fields))
            #expect(try await client.lastAnswers().map(\.status) == [200])
        }
    }

    @Test("HTTP/1.0 has no other protocol to go on with, and all of the server is for OPTIONS alone")
    func oddities() async throws {
        let responder = WebResponder { request in
            WebResponse(.ok, saying: "\(request.headers.contains(name: "Upgrade")) \(request.target.written)")
        }
        try await ServedWeb.run(responder: responder) { web in
            for (version, isAsked) in [("1.0", "false"), ("1.1", "true")] {
                let client = try await web.client()
                try await client.send(
                    "GET /gate/live HTTP/\(version)\r\nHost: r\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
                #expect(try await client.lastAnswers().map(\.text) == ["\(isAsked) /gate/live\n"])
            }
            #expect(try await web.get("*").status == 400)
            #expect(try await web.get("*", method: "OPTIONS").status == 200)
        }
    }

    @Test("A request that does not come to its end is told 408, however busily it goes on")
    func slow() async throws {
        try await ServedWeb.run(Self.hasty(\.connections.requestTime)) { web in
            let client = try await web.client()
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n")
            let dripping = Task {
                while !client.isOver {
                    await client.trySending("X: y\r\n")
                    try await Task.sleep(for: .milliseconds(50))
                }
            }
            #expect(try await client.lastAnswers().map(\.status) == [408])
            dripping.cancel()
            #expect(web.server.counters.slowRequests == 1)
        }
    }

    @Test("Who asks nothing is hung up on")
    func idle() async throws {
        try await ServedWeb.run(Self.hasty(\.connections.idleTime)) { web in
            let client = try await web.client()
            #expect(try await client.lastAnswers().isEmpty)
            #expect(web.server.counters.idle == 1)
        }
    }

    @Test("Who keeps his side open after the last answer is not waited for")
    func lingering() async throws {
        try await ServedWeb.run(Self.hasty(\.connections.closingTime)) { web in
            let client = try await web.client(isReading: false)
            try await client.send(ServedWeb.request("/gate/none.ts", ["Connection: close"]))
            try await eventually("answered") { web.server.counters.requests == 1 }
            try await eventually("gone") { web.server.counters.open == 0 }
            await client.close()
        }
    }

    @Test("Who does not read what he was sent is hung up on; a long answer to who reads is not cut")
    func deaf() async throws {
        let large = ByteBuffer(repeating: 7, count: 32_000_000)
        let responder = WebResponder { _ in WebResponse(.ok, body: .bytes(large)) }
        try await ServedWeb.run(Self.hasty(\.readingTime), responder: responder) { web in
            let client = try await web.client(isReading: false)
            try await client.send(ServedWeb.request("/"))
            try await eventually("hung up") { web.log.contains("viewer does not read its answer") }
            try await eventually("gone") { web.server.counters.open == 0 }
            #expect(try await web.get("/").body.count == 32_000_000)
        }
    }

    @Test("The time an answer takes is not the viewer's, and who leaves meanwhile stops it")
    func waiting() async throws {
        let cancelled = Locked(false)
        let responder = WebResponder { request in
            let isShort = request.target.path == "short"
            do { try await Task.sleep(for: isShort ? .milliseconds(700) : .seconds(60)) } catch {
                cancelled.change { $0 = true }
            }
            return WebResponse(.ok, saying: "late")
        }
        try await ServedWeb.run(Self.hasty(\.connections.requestTime), responder: responder) { web in
            let patient = try await web.client()
            try await patient.send(ServedWeb.request("/short"))
            // It cannot finish the next one while it waits for this one.
            try await patient.send("GET / HTT")
            #expect(try await patient.answers(1).first?.text == "late\n")
            let client = try await web.client()
            try await client.send(ServedWeb.request("/long"))
            try await eventually("asked") { web.server.counters.requests == 2 }
            await client.close()
            await web.server.shutdown(within: .milliseconds(50))
            try await eventually("stopped") { cancelled.value }
        }
    }

    @Test("An answer under way goes out before the server ends, and silent viewers do not keep it")
    func shutdown() async throws {
        let (isAsked, isReleased) = (Locked(false), Locked(false))
        let responder = WebResponder { _ in
            isAsked.change { $0 = true }
            try? await eventually("released") { isReleased.value }
            return WebResponse(.ok, saying: "last words")
        }
        try await ServedWeb.run(responder: responder) { web in
            let silent = try await web.client()
            let client = try await web.client()
            try await client.send(ServedWeb.request("/"))
            try await eventually("asked") { isAsked.value }
            let begin = NIODeadline.now()
            async let stopped: Void = web.server.shutdown(within: .seconds(20))
            #expect(try await silent.lastAnswers().isEmpty)
            isReleased.change { $0 = true }
            await stopped
            #expect(NIODeadline.now() - begin < .seconds(10))
            #expect(try await client.lastAnswers().map(\.text) == ["last words\n"])
        }
    }

    @Test("One address has so many connections, and its next one is closed at once")
    func census() async throws {
        var limits = WebLimits()
        limits.connections.connectionsPerAddress = 2
        try await ServedWeb.run(limits) { web in
            let clients = [try await web.client(), try await web.client()]
            try await eventually("both are there") { web.server.counters.open == 2 }
            #expect(try await web.client().lastAnswers().isEmpty)
            #expect(web.server.counters.refusedByAddress == 1)
            for client in clients { await client.close() }
            try await eventually("both are gone") { web.server.counters.open == 0 }
            #expect(try await web.get("/").status == 200)
        }
    }

    @Test("The log has method, path, status and time of each request, and no query")
    func log() async throws {
        try await ServedWeb.run { web in
            _ = try await web.get("/gate/none.ts?token=s3cret")
            #expect(
                web.log.lines.contains { line in
                    line.hasPrefix("debug request answered")
                        && ["method=GET", "path=/gate/none.ts", "status=404", "ms=", "peer=127.0.0.1:"].allSatisfy(
                            line.contains)
                })
            #expect(!web.log.contains("s3cret"))
        }
    }

    @Test("A port that another has is told, with what to do")
    func taken() async throws {
        try await ServedWeb.run { web in
            let second = WebServer(
                ports: [ListeningPort(host: "127.0.0.1", port: 0), ListeningPort(host: "127.0.0.1", port: web.port)],
                group: MultiThreadedEventLoopGroup.singleton, clock: ServedWeb.clock, logger: web.log.logger,
                responder: WebResponder { _ in WebResponse(.ok) })
            do {
                try await second.start()
                Issue.record("it started")
            } catch let error as RTSPListenerError {
                #expect("\(error)".hasPrefix("cannot listen on 127.0.0.1, TCP port \(web.port): "))
            }
            #expect(second.addresses.isEmpty)
        }
    }
}
