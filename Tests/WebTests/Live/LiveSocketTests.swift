import NIOCore
import NIOWebSocket
import NIOHTTP1
import RTSPTransport
import TestSupport
import Testing

@testable import Web

@Suite("Live over WebSocket and as one file")
struct LiveSocketTests {
    /// One frame of the server as it came.
    struct Frame: Equatable {
        var opcode: UInt8
        var payload: [UInt8]

        var text: String { String(decoding: payload, as: UTF8.self) }
        /// Of a close frame.
        var code: Int { payload.count < 2 ? 0 : Int(payload[0]) << 8 | Int(payload[1]) }
    }

    /// What stands behind the head of the answer.
    private static func frames(_ bytes: [UInt8]) -> [Frame] {
        guard let end = headEnd(bytes) else { return [] }
        var (rest, frames) = (bytes[end...], [Frame]())
        while rest.count >= 2 {
            let start = rest.startIndex
            var (size, header) = (Int(rest[start + 1]), 2)
            if size == 126, rest.count >= 4 {
                (size, header) = (Int(rest[start + 2]) << 8 | Int(rest[start + 3]), 4)
            } else if size == 127, rest.count >= 10 {
                (size, header) = (rest[(start + 2)..<(start + 10)].reduce(0) { $0 << 8 | Int($1) }, 10)
            } else if size > 125 {
                break
            }
            guard rest.count >= header + size else { break }
            frames.append(Frame(opcode: rest[start] & 15, payload: Array(rest.dropFirst(header).prefix(size))))
            rest = rest.dropFirst(header + size)
        }
        return frames
    }

    private static func headEnd(_ bytes: [UInt8]) -> Int? {
        bytes.indices.dropFirst(3).first { Array(bytes[($0 - 3)...$0]) == [13, 10, 13, 10] }.map { $0 + 1 }
    }

    private static let wish = [
        "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
    ]

    private static func open(_ web: ServedWeb, _ target: String = "/gate/live") async throws -> RawClient {
        let client = try await web.client()
        try await client.send(ServedWeb.request(target, wish))
        return client
    }

    private static func run(
        _ live: FakeLive = FakeLive(), origin: AllowedOrigin = .any, limits: WebLimits = WebLimits(),
        _ body: (ServedWeb, FakeLive) async throws -> Void
    ) async throws {
        try await ServedWeb.run(limits, origin: origin, live: live.service) { web in
            try await body(web, live)
            await live.close()
        }
    }

    @Test(
        "A WebSocket gets the type, the opening and the group under way, then picture by picture, and 1001 at the end")
    func watching() async throws {
        try await Self.run { web, live in
            live.picture("key", isKey: true)
            live.picture("second")
            let client = try await Self.open(web)
            try await eventually("the group") { Self.frames(client.bytes).count == 4 }
            #expect(RawAnswer.all(in: client.bytes).first?.status == 101)
            #expect(
                RawAnswer.all(in: client.bytes).first?.header("Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
            #expect(RawAnswer.all(in: client.bytes).first?.header("Connection") == "Upgrade")
            live.picture("third")
            try await eventually("the next") { Self.frames(client.bytes).count == 5 }
            let frames = Self.frames(client.bytes)
            #expect(frames.map(\.opcode) == [1, 2, 2, 2, 2])
            #expect(frames[0].text == "{\"type\":\"video/mp4; codecs=\\\"avc1.64001f\\\"\"}")
            #expect(frames.dropFirst().map(\.text) == ["opening", "key", "second", "third"])
            live.tracks(width: 7)
            live.picture("other", isKey: true)
            try await eventually("the change") { Self.frames(client.bytes).count == 8 }
            #expect(Self.frames(client.bytes).suffix(3).map(\.opcode) == [1, 2, 2])
            await live.close()
            try await eventually("goodbye") { Self.frames(client.bytes).last?.opcode == 8 }
            #expect(Self.frames(client.bytes).last?.code == 1001)
            await client.close()
            try await eventually("a line in the log") {
                web.log.lines.contains { $0.hasPrefix("info viewer left ") && $0.contains("via=websocket") }
            }
        }
    }

    @Test("Pings are answered, a goodbye is returned, and what a viewer says otherwise is passed over")
    func control() async throws {
        try await Self.run { web, live in
            live.picture("key", isKey: true)
            let client = try await Self.open(web)
            try await eventually("the group") { Self.frames(client.bytes).count == 3 }
            try await client.send(bytes: [0x81, 0x85, 0, 0, 0, 0] + Array("hello".utf8))
            try await client.send(bytes: [0x89, 0x83, 1, 2, 3, 4, 0x61 ^ 1, 0x62 ^ 2, 0x63 ^ 3])
            try await eventually("a pong") { Self.frames(client.bytes).count == 4 }
            #expect(Self.frames(client.bytes).last == Frame(opcode: 10, payload: Array("abc".utf8)))
            try await client.send(bytes: [0x88, 0x82, 0, 0, 0, 0, 0x0F, 0xA1])
            try await eventually("hung up") { client.isOver }
            #expect(Self.frames(client.bytes).last?.code == 4001)
        }
    }

    @Test(
        "A goodbye is answered with its own code, where that and its words may be sent",
        arguments: [
            ([], 1000), ([0x61], 1002), ([0x03, 0xE9], 1001), ([0x03, 0xEC], 1002), ([0x03, 0xED], 1002),
            ([0x03, 0xEE], 1002), ([0x03, 0xF4], 1012), ([0x03, 0xF6], 1014), ([0x03, 0xF7], 1002),
            ([0x03, 0xE7], 1002),
            ([0x0B, 0xB7], 1002), ([0x0B, 0xB8], 3000), ([0x13, 0x88], 1002), ([0x03, 0xE8, 0xFF], 1007),
            ([0x03, 0xE8, 0xC3, 0xBC], 1000),
        ] as [([UInt8], UInt16)])
    func goodbyes(payload: [UInt8], code: UInt16) {
        #expect(LiveFarewell(answering: ByteBuffer(bytes: payload)).code == WebSocketErrorCode(codeNumber: Int(code)))
    }

    @Test(
        "Frames that no browser sends are refused with their code",
        arguments: [
            // Without mask, with a reserved bit, of no known kind, in pieces, continued, too long, a ping in pieces.
            ([0x81, 0x01, 0x61], 1002), ([0xC1, 0x80, 0, 0, 0, 0], 1002), ([0x83, 0x80, 0, 0, 0, 0], 1002),
            ([0x01, 0x80, 0, 0, 0, 0], 1009), ([0x80, 0x80, 0, 0, 0, 0], 1009),
            ([0x82, 0xFE, 0x20, 0x00, 0, 0, 0, 0], 1009),
            ([0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0], 1009),
            ([0x09, 0x80, 0, 0, 0, 0], 1002),
        ] as [([UInt8], Int)])
    func refused(bytes: [UInt8], code: Int) async throws {
        var limits = WebLimits()
        limits.connections.closingTime = .milliseconds(100)
        try await Self.run(limits: limits) { web, live in
            live.picture("key", isKey: true)
            let client = try await Self.open(web)
            try await eventually("the group") { Self.frames(client.bytes).count == 3 }
            try await client.send(bytes: bytes)
            try await eventually("hung up") { client.isOver }
            #expect(Self.frames(client.bytes).last?.opcode == 8 && Self.frames(client.bytes).last?.code == code)
            #expect(web.server.counters.malformed == 1)
        }
    }

    @Test("Bytes of chance end one connection at the most, and the next viewer is served", arguments: 1...3)
    func chance(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        var noise: [[UInt8]] = []
        for _ in 0..<20 {
            noise.append(
                (0..<Int.random(in: 1...300, using: &random)).map { _ in .random(in: 0...255, using: &random) })
        }
        try await Self.run { [noise] web, live in
            live.picture("key", isKey: true)
            for bytes in noise {
                let client = try await Self.open(web)
                try await eventually("the group") { Self.frames(client.bytes).count >= 3 }
                try? await client.send(bytes: bytes)
                await client.close()
            }
            let client = try await Self.open(web)
            try await eventually("the group") { Self.frames(client.bytes).count == 3 }
        }
    }

    @Test("What is no WebSocket is told to come as one; no stream is 404, and a page of elsewhere is refused")
    func beforehand() async throws {
        try await Self.run(origin: .none) { web, _ in
            let plain = try await web.get("/gate/live")
            #expect(plain.status == 426 && plain.header("Sec-WebSocket-Version") == "13")
            #expect(plain.header("Upgrade") == "websocket")
            #expect(try await web.get("/none/live", Self.wish).status == 404)
            #expect(try await web.get("/none/live.mp4").status == 404)
            let foreign = try await web.get("/gate/live", Self.wish + ["Origin: https://evil.example"])
            #expect(foreign.status == 403)
            #expect(try await web.get("/gate/live", Self.wish, method: "POST").status == 405)
        }
    }

    @Test("A camera that does not come in time is 4503 by WebSocket, and 503 as a file")
    func absent() async throws {
        try await Self.run(FakeLive(isAbsent: true, startTimeout: .milliseconds(200))) { web, _ in
            let client = try await Self.open(web)
            try await eventually("goodbye") { Self.frames(client.bytes).last?.opcode == 8 }
            #expect(Self.frames(client.bytes).last?.code == 4503)
            let file = try await web.get("/gate/live.mp4")
            #expect(file.status == 503 && file.header("Retry-After") != nil && file.text.contains("gate"))
        }
    }

    @Test("As one file it is the opening, the group and all that follows, in chunks, and ends where the tracks change")
    func file() async throws {
        try await Self.run { web, live in
            live.picture("key", isKey: true)
            let head = try await web.get("/gate/live.mp4", method: "HEAD")
            #expect(
                head.status == 200 && head.header("Content-Type") == "video/mp4" && head.header("Content-Length") == nil
            )
            let client = try await web.client()
            try await client.send(ServedWeb.request("/gate/live.mp4"))
            let text: @Sendable () -> String = { String(decoding: client.bytes, as: UTF8.self) }
            try await eventually("the group") { text().hasSuffix("\r\n3\r\nkey\r\n") }
            #expect(text().contains("transfer-encoding: chunked\r\n") && text().contains("\r\n7\r\nopening\r\n"))
            live.picture("second")
            try await eventually("the next") { text().hasSuffix("\r\n6\r\nsecond\r\n") }
            live.tracks(width: 9)
            live.picture("other", isKey: true)
            try await eventually("the end") { client.isOver }
            #expect(text().hasSuffix("\r\n6\r\nsecond\r\n0\r\n\r\n"))
            // Who knows no chunks gets it as it is.
            let old = try await web.client()
            try await old.send("GET /gate/live.mp4 HTTP/1.0\r\n\r\n")
            try await eventually("the group") { String(decoding: old.bytes, as: UTF8.self).hasSuffix("openingother") }
        }
    }

    @Test("A viewer that does not read loses groups and holds up nobody; when it reads it goes on with a key frame")
    func slow() async throws {
        try await Self.run { web, live in
            live.picture("key", isKey: true)
            let slow = try await web.client(isReading: false)
            try await slow.send(ServedWeb.request("/gate/live", Self.wish))
            let quick = try await Self.open(web)
            try await eventually("the group") { Self.frames(quick.bytes).count == 3 }
            // More than the kernel and the limit take together.
            let (begin, size) = (quick.byteCount, 1_000_000)
            for number in 0..<40 {
                live.picture(ByteBuffer(repeating: UInt8(number), count: size), isKey: number % 10 == 9)
                try await eventually("picture \(number)") { quick.byteCount == begin + (number + 1) * (size + 10) }
            }
            slow.read()
            try await eventually("what was sent") { slow.byteCount > 10 * size }
            // It goes on when it has taken all that it was given before.
            try await eventually("the next group") {
                live.picture("between")
                live.picture("again", isKey: true)
                live.picture("last")
                return slow.bytes.suffix(4) == Array("last".utf8)[...]
            }
            let frames = Self.frames(slow.bytes)
            #expect(frames.filter { $0.payload.count == size }.count < 40)
            #expect(frames.dropFirst(3).first { $0.payload.count < size }?.text == "again")
        }
    }
}
