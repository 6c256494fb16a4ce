import NIOCore
import NIOHTTP1
import TestSupport
import Testing

@testable import Web

@Suite("Requests that mean no good")
struct HostileRequestTests {
    private static let next = "GET /gate/1.ts HTTP/1.1\r\nHost: relay\r\n\r\n"

    @Test(
        "Bodies are refused, however their length is told, and nothing behind them is taken for a request",
        arguments: [
            "Content-Length: 5", "Transfer-Encoding: chunked", "Content-Length: 5\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked\r\nContent-Length: 5", "Content-Length: 5\r\nContent-Length: 6",
            "Content-Length: 0, 5",
            "Content-Length: +5", "Content-Length: -1", "Content-Length: 99999999999999999999", "Transfer-Encoding: x",
            "Transfer-Encoding : chunked", "Transfer-Encoding: identity, chunked", "Transfer-Encoding:\tchunked",
            "Content-Length: 5\r\nExpect: 100-continue", "Content-Length: 0x5", "X: y\r\n Transfer-Encoding: chunked",
        ])
    func bodies(field: String) async throws {
        try await ServedWeb.run { web in
            let client = try await web.client()
            await client.trySending("POST /gate/1.ts HTTP/1.1\r\nHost: relay\r\n\(field)\r\n\r\n0\r\n\r\n\(Self.next)")
            let answers = try await client.lastAnswers()
            #expect(answers.count == 1, "\(answers.map(\.status))")
            #expect([400, 413].contains(answers.first?.status ?? 0), "\(answers.map(\.status))")
            #expect(answers.first?.header("Connection") == "close")
        }
    }

    @Test(
        "What is no request is told so, once, and is the end",
        arguments: [
            "junk\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            "GET / HTTP/3.0\r\nHost: a\r\n\r\n", "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET gate HTTP/1.1\r\nHost: a\r\n\r\n",
            "CONNECT relay:443 HTTP/1.1\r\nHost: a\r\n\r\n", "GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nX\0: b\r\n\r\n", "\u{16}\u{3}\u{1}\u{0}\u{5}hello\r\n\r\n",
            "GET / HTTP/1.1\nHost: a\n: b\n\n",
            "OPTIONS rtsp://relay/gate RTSP/1.0\r\nCSeq: 1\r\n\r\n",
        ])
    func junk(text: String) async throws {
        try await ServedWeb.run { web in
            let client = try await web.client()
            await client.trySending(text + Self.next)
            let answers = try await client.lastAnswers()
            #expect(answers.count == 1 && (400...505).contains(answers.first?.status ?? 0), "\(answers.map(\.status))")
        }
    }

    @Test("A head has a bound, whether it is a long target, a long field, many fields, or never ends")
    func heads() async throws {
        try await ServedWeb.run { web in
            let long = String(repeating: "a", count: 20_000)
            let heads = [
                "GET /\(long) HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: \(long)\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: y\r\n", count: 200) + "\r\n",
                "GET / HTTP/1.1\r\n" + String(repeating: "Host-\(long.prefix(500)): x\r\n", count: 40),
            ]
            for head in heads {
                let client = try await web.client()
                await client.trySending(head)
                let answers = try await client.lastAnswers()
                #expect(answers.map(\.status) == [431], "\(head.prefix(40))")
            }
            #expect(try await web.get("/", ["X: \(long.prefix(15_000))"]).status == 200)
        }
    }

    @Test(
        "Thousands of requests at once are answered one after another, in their order, and do not have the loop to themselves",
        arguments: [(10_000, false), (1000, true)])
    func pipelined(count: Int, isAtHand: Bool) async throws {
        let most = Locked((now: 0, most: 0))
        let atHand = Locked(0)
        let responder = WebResponder { request in
            guard isAtHand else { return nil }
            atHand.change { $0 += 1 }
            return WebResponse(.ok, saying: request.target.path)
        } respond: { request in
            most.change { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
            defer { most.change { $0.now -= 1 } }
            return WebResponse(.ok, saying: request.target.path)
        }
        try await ServedWeb.run(responder: responder) { web in
            let client = try await web.client()
            let requests = (0..<count).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined()
            try await client.send(requests)
            try await eventually("all are answered", within: .seconds(60)) {
                client.bytes.suffix("\(count - 1)\n".utf8.count) == Array("\(count - 1)\n".utf8)[...]
            }
            let answers = RawAnswer.all(in: client.bytes)
            #expect(answers.map(\.text) == (0..<count).map { "\($0)\n" })
            #expect(most.value.most == 1)
            #expect(isAtHand == (atHand.value > 0) && atHand.value < 100)
        }
    }

    @Test("Any mutation of good requests is answered or hung up on, and the server goes on")
    func mutations() async throws {
        var limits = WebLimits()
        limits.connections.requestTime = .milliseconds(200)
        limits.connections.idleTime = .milliseconds(200)
        try await ServedWeb.run(limits) { web in
            var generator = SeededGenerator(seed: 9)
            let seed = Array(
                "GET /gate/1.ts?_HLS_msn=1 HTTP/1.1\r\nHost: a\r\nRange: bytes=1-2\r\nIf-None-Match: \"x\"\r\n\r\n".utf8
            )
            let texts = (0..<300).map { _ in generator.mutated(seed + Array(Self.next.utf8)) }
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for text in texts {
                    tasks.addTask {
                        let client = try await web.client()
                        await client.trySending(String(decoding: text, as: UTF8.self))
                        _ = try await client.lastAnswers()
                    }
                }
                try await tasks.waitForAll()
            }
            // On a busy machine even a good client may come too late for so short an idle time.
            try await eventually("the server goes on") { (try? await web.get("/gate/1.ts"))?.status == 200 }
            try await eventually("nobody is left") { web.server.counters.open <= 1 }
        }
    }
}
