import NIOCore
import Testing

@testable import RTSP

@Suite("The first bytes of a connection")
struct ConnectionOpeningTests {
    private typealias Finding = ConnectionOpening.Finding

    static let tunnelGet = """
        GET /gate HTTP/1.0\r\nUser-Agent: QTS\r\nx-sessioncookie: tD9hKgAAfB8ABCftAAAAAw\r\n\
        Accept: application/x-rtsp-tunnelled\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n\r\n
        """
    static let tunnelPost = """
        POST /gate HTTP/1.0\r\nx-sessioncookie: tD9hKgAAfB8ABCftAAAAAw\r\nContent-Type: application/x-rtsp-tunnelled\r\n\
        Content-Length: 32767\r\nExpires: Sun, 9 Jan 1972 00:00:00 GMT\r\n\r\nT1BUSU9OUyAq
        """
    static let webSocket = """
        GET /gate HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: rtsp.onvif.org\r\n\r\n
        """
    static let samples = [
        tunnelGet, tunnelPost, webSocket, "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n", "\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\nExpect: 100-continue\r\nx-sessioncookie: a\r\n\r\n",
        "GET rtsp://h/a RTSP/1.0\r\nCSeq: 1\r\n\r\n",
    ]

    /// The finding, and what is left behind it.
    private func read(_ bytes: [UInt8], pieceLength: Int = .max) -> (finding: Finding?, rest: [UInt8]) {
        var opening = ConnectionOpening()
        var buffer = ByteBuffer()
        var finding: Finding?
        for start in stride(from: 0, to: bytes.count, by: min(pieceLength, max(bytes.count, 1))) {
            buffer.writeBytes(bytes[start...].prefix(pieceLength))
            if finding == nil { finding = opening.read(&buffer) }
        }
        return (finding, Array(buffer.readableBytesView))
    }

    private func finding(_ text: String) -> ConnectionOpening.Finding? { read(Array(text.utf8)).finding }

    @Test("GET and POST with a cookie are halves of a tunnel; the head is taken, what follows it is not")
    func halves() throws {
        let cookie = try #require(TunnelCookie("tD9hKgAAfB8ABCftAAAAAw"))
        let get = read(Array(Self.tunnelGet.utf8))
        #expect(get.finding == .tunnelGet(cookie))
        #expect(get.rest.isEmpty)
        let post = read(Array(Self.tunnelPost.utf8))
        #expect(post.finding == .tunnelPost(cookie, expectsContinue: false))
        #expect(String(decoding: post.rest, as: UTF8.self) == "T1BUSU9OUyAq")
    }

    @Test(
        "L4 x-sessioncookie counts in any case, and the POST's length is not looked at",
        arguments: [
            "x-sessioncookie: abc", "X-Sessioncookie:abc\r\nContent-Length: 30000",
            "X-SESSIONCOOKIE:  abc \r\nContent-Length: 0",
            "x-SessionCookie: abc\r\nContent-Length: 99999999999999999999",
            "x-sessioncookie: abc\r\nContent-Length: -1",
        ])
    func cookies(fields: String) throws {
        let cookie = try #require(TunnelCookie("abc"))
        #expect(finding("GET /a HTTP/1.1\r\n\(fields)\r\n\r\n") == .tunnelGet(cookie))
        #expect(finding("POST /a HTTP/1.0\r\n\(fields)\r\n\r\n") == .tunnelPost(cookie, expectsContinue: false))
    }

    @Test("curl's Expect: 100-continue is heard, of HTTP/1.1 only")
    func expectation() throws {
        let cookie = try #require(TunnelCookie("a"))
        let fields = "x-sessioncookie: a\r\nExpect: 100-continue\r\n\r\n"
        #expect(finding("POST / HTTP/1.1\r\n\(fields)") == .tunnelPost(cookie, expectsContinue: true))
        #expect(finding("POST / HTTP/1.0\r\n\(fields)") == .tunnelPost(cookie, expectsContinue: false))
    }

    @Test(
        "RTSP, and all that is not known, is left to the message parser, byte for byte",
        arguments: [
            "O", "PLAY", "$\u{0}", "GET_PARAMETER * RTSP/1.0\r\n", "GET rtsp://h/a RTSP/1.0\r\n", "\u{16}\u{3}\u{1}",
            "HEAD / HTTP/1.1\r\n",
            "GET  \r\n", "get / HTTP/1.1\r\n", "POSTAL", "GET " + String(repeating: "a", count: 9000),
        ])
    func notHTTP(text: String) {
        let result = read(Array(text.utf8))
        #expect(result.finding == .rtsp)
        #expect(result.rest == Array(text.utf8))
    }

    @Test(
        "a few bytes settle it, unless they may yet be GET or POST",
        arguments: ["", "G", "GET", "GET /", "P", "POST", "\r\n"])
    func undecided(text: String) {
        #expect(finding(text) == nil)
    }

    @Test(
        "HTTP without a tunnel, and tunnels that cannot be, are refused in HTTP",
        arguments: [
            ("GET / HTTP/1.1\r\n\r\n", "501"), ("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n", "501"),
            ("GET / HTTP/1.1\r\nx-sessioncookie:\r\n\r\n", "400"),
            ("GET / HTTP/1.1\r\nx-sessioncookie: \(String(repeating: "a", count: 257))\r\n\r\n", "400"),
            ("POST / HTTP/1.1\r\nx-sessioncookie: a\r\nTransfer-Encoding: chunked\r\n\r\n", "501"),
            ("GET / HTTP/1.1\r\nA: \(String(repeating: "a", count: 9000))\r\n\r\n", "431"),
            (
                "GET / HTTP/1.1\r\n" + String(repeating: "A: \(String(repeating: "a", count: 1000))\r\n", count: 17),
                "431"
            ),
            ("GET / HTTP/1.1\r\n" + String(repeating: "A: a\r\n", count: 101), "431"),
        ])
    func refusals(text: String, status: String) throws {
        guard case .refused(let answer) = finding(text) else { return #expect(Bool(false), "\(text.prefix(60))") }
        #expect(String(buffer: answer.bytes).hasPrefix("HTTP/1.1 \(status) "))
    }

    @Test("mutations neither trap nor differ in one piece and in small ones")
    func mutations() {
        var generator = SeededGenerator(seed: 1972)
        for _ in 0..<600 {
            for sample in Self.samples {
                let bytes = mutated(Array(sample.utf8), by: &generator)
                let whole = read(bytes)
                for pieceLength in [1, 3] {
                    let pieces = read(bytes, pieceLength: pieceLength)
                    #expect(
                        whole.finding == pieces.finding, "\(String(decoding: bytes, as: UTF8.self).debugDescription)")
                    #expect(whole.rest == pieces.rest)
                }
            }
        }
    }
}

@Suite("A WebSocket's handshake")
struct WebSocketUpgradeTests {
    private func finding(_ change: (String) -> String) -> ConnectionOpening.Finding? {
        var opening = ConnectionOpening()
        var buffer = ByteBuffer(string: change(ConnectionOpeningTests.webSocket))
        return opening.read(&buffer)
    }

    @Test("the example of RFC 6455 §1.3 is accepted with the value it has there")
    func example() {
        guard case .webSocket(let upgrade) = finding({ $0 }) else { return #expect(Bool(false)) }
        #expect(upgrade.accept == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        let answer = String(buffer: HTTPAnswer.webSocketOpened(upgrade).bytes)
        #expect(answer.hasPrefix("HTTP/1.1 101 "))
        #expect(answer.contains("Sec-WebSocket-Protocol: rtsp.onvif.org\r\n"))
        #expect(answer.hasSuffix("\r\n\r\n"))
    }

    @Test("a client that names several protocols is told ours, and one that names none is told none")
    func protocols() {
        guard case .webSocket(let several) = finding({ $0.replacing("rtsp.onvif.org", with: "soap, RTSP.onvif.org") })
        else {
            return #expect(Bool(false))
        }
        #expect(several.namesProtocol)
        guard
            case .webSocket(let none) = finding({ $0.replacing("Sec-WebSocket-Protocol: rtsp.onvif.org\r\n", with: "") }
            )
        else { return #expect(Bool(false)) }
        #expect(!String(buffer: HTTPAnswer.webSocketOpened(none).bytes).contains("Sec-WebSocket-Protocol"))
    }

    @Test(
        "another version, key or protocol is refused",
        arguments: [("13", "8", "426"), ("dGhl", "dGh", "400"), ("rtsp.onvif.org", "chat", "400")])
    func refusals(part: String, replacement: String, status: String) {
        guard case .refused(let answer) = finding({ $0.replacing(part, with: replacement) }) else {
            return #expect(Bool(false))
        }
        #expect(String(buffer: answer.bytes).hasPrefix("HTTP/1.1 \(status) "))
    }
}
