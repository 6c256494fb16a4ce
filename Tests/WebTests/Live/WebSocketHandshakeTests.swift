import NIOHTTP1
import TestSupport
import Testing

@testable import Web

@Suite("WebSocketHandshake")
struct WebSocketHandshakeTests {
    static let good: HTTPHeaders = [
        "Host": "relay:8888", "Upgrade": "websocket", "Connection": "keep-alive, Upgrade",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13",
    ]

    private static func answer(
        _ changes: [(String, String?)] = [], method: HTTPMethod = .GET, origin: AllowedOrigin = .none
    ) -> WebSocketHandshake {
        var headers = good
        for (name, value) in changes {
            headers.remove(name: name)
            if let value { headers.add(name: name, value: value) }
        }
        return WebSocketHandshake(method, headers, allowing: origin)
    }

    @Test("The example of RFC 6455 is answered as it says, whatever the case of the words")
    func accepted() {
        let accept = WebSocketHandshake.accepted("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(Self.answer() == accept)
        #expect(Self.answer([("Upgrade", "WebSocket"), ("Connection", "upgrade")]) == accept)
    }

    @Test("What is no wish for a WebSocket of version 13 is told so")
    func notAsked() {
        let changes: [(String, String?)] = [
            ("Upgrade", nil), ("Upgrade", "h2c"), ("Connection", nil), ("Connection", "close"),
            ("Sec-WebSocket-Version", "8"), ("Sec-WebSocket-Version", nil),
        ]
        for change in changes { #expect(Self.answer([change]) == .notAsked, "\(change)") }
        #expect(Self.answer(method: .HEAD) == .notAsked)
    }

    @Test("A key that is not 16 bytes in Base64 is refused")
    func keys() {
        for key in [nil, "", "dGhlIHNhbXBsZSBub25jZQ", "AAAA", "????????????????????????", "dGhlIHNhbXBsZSBub25jZSE="] {
            #expect(Self.answer([("Sec-WebSocket-Key", key)]) == .badKey, "\(key ?? "none")")
        }
    }

    @Test("Pages of this server may watch always, and those of another where it is allowed")
    func origins() {
        let own = [("Origin", Optional("http://Relay:8888"))]
        let other = [("Origin", Optional("https://wall.example.net"))]
        for origin in [.any, .none, .one("https://other.example.net")] as [AllowedOrigin] {
            #expect(Self.answer(own, origin: origin) != .foreignOrigin)
        }
        #expect(Self.answer(other, origin: .none) == .foreignOrigin)
        #expect(Self.answer(other, origin: .one("https://other.example.net")) == .foreignOrigin)
        #expect(Self.answer(other, origin: .one("https://wall.example.net")) != .foreignOrigin)
        #expect(Self.answer(other, origin: .any) != .foreignOrigin)
        #expect(Self.answer([("Origin", "null")], origin: .none) == .foreignOrigin)
        #expect(Self.answer([("Origin", "http://evil.example/?relay:8888")], origin: .none) == .foreignOrigin)
    }

    @Test("Headers that were spoiled are refused or understood, and nothing else", arguments: 1...4)
    func spoiled(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            var headers = Self.good
            guard let (name, value) = headers.map({ ($0.name, $0.value) }).randomElement(using: &random) else {
                continue
            }
            var bytes = Array(value.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = bytes.isEmpty ? 0 : Int.random(in: 0..<bytes.count, using: &random)
                bytes.insert(.random(in: 32...126, using: &random), at: place)
                if bytes.count > 1, Bool.random(using: &random) { bytes.removeLast() }
            }
            headers.replaceOrAdd(name: name, value: String(decoding: bytes, as: UTF8.self))
            let answer = WebSocketHandshake(.GET, headers, allowing: .none)
            if case .accepted(let accept) = answer { #expect(accept.utf8.count == 28) }
        }
    }
}
