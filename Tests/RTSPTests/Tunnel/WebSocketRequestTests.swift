import NIOCore
import Testing

@testable import RTSP

@Suite("Asking a camera for a WebSocket")
struct WebSocketRequestTests {
    /// The numbers behind the key of RFC 6455 §1.3, "the sample nonce".
    private struct SampleNonce: RandomNumberGenerator {
        private var bytes = Array("the sample nonce".utf8)[...]

        // `UInt8.random` takes the low byte of each.
        mutating func next() -> UInt64 { UInt64(bytes.popFirst() ?? 0) }
    }

    private static func request(_ url: String = "rtsp+ws://cam:8080/live?x=1", path: String? = nil) throws
        -> WebSocketRequest
    {
        var nonce = SampleNonce()
        return WebSocketRequest(url: try #require(RTSPURL(url)), path: path, using: &nonce)
    }

    private static func answer(_ text: String) throws -> TunnelAnswer {
        var buffer = ByteBuffer(string: text)
        return try #require(try TunnelAnswer(readingFrom: &buffer))
    }

    private static let good = """
        HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n
        """

    @Test("L5 the request has the stream's own path or the camera's one for all, and the one protocol there is")
    func written() throws {
        let text = String(buffer: try Self.request().get(authorization: nil))
        #expect(text.hasPrefix("GET /live?x=1 HTTP/1.1\r\nHost: cam:8080\r\n"))
        #expect(text.contains("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"))
        #expect(text.contains("\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"))
        #expect(text.hasSuffix("\r\nSec-WebSocket-Protocol: rtsp.onvif.org\r\n\r\n"))
        let other = try Self.request(path: "/rtsp-over-websocket?a=b")
        #expect(other.target == "/rtsp-over-websocket?a=b")
        #expect(String(buffer: other.get(authorization: "Basic x")).contains("\r\nAuthorization: Basic x\r\n"))
        #expect(try Self.request("rtsp+ws://cam").target == "/")
    }

    @Test("our own server takes it for what it is, and its answer is taken")
    func ownServer() throws {
        var opening = ConnectionOpening()
        var buffer = try Self.request().get(authorization: nil)
        guard case .webSocket(let upgrade) = opening.read(&buffer) else {
            Issue.record("no WebSocket")
            return
        }
        #expect(upgrade.accept == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        try Self.request().check(try Self.answer(String(buffer: HTTPAnswer.webSocketOpened(upgrade).bytes)))
    }

    @Test("an answer without a protocol is good, one with another, another key or another status is not")
    func answers() throws {
        let request = try Self.request()
        try request.check(try Self.answer(Self.good + "\r\n"))
        try request.check(try Self.answer(Self.good + "Sec-WebSocket-Protocol: rtsp.onvif.org\r\n\r\n"))
        let wrong = [
            Self.good + "Sec-WebSocket-Protocol: chat\r\n\r\n",
            Self.good.replacing("s3p", with: "S3p") + "\r\n",
            Self.good.replacing("upgrade: WebSocket", with: "upgrade: h2c") + "\r\n",
        ]
        for text in wrong {
            #expect(throws: TunnelError.noWebSocket) { try request.check(try Self.answer(text)) }
        }
        #expect(throws: TunnelError.refused(RTSPStatus(code: 200, reason: "OK"))) {
            try request.check(try Self.answer("HTTP/1.1 200 OK\r\n\r\n"))
        }
    }

    @Test("mutations of an answer never trap, and one without the key's own proof never passes")
    func mutations() throws {
        let request = try Self.request()
        forEachMutation(of: [Self.good + "\r\n"], seed: 6455) { text in
            var buffer = ByteBuffer(string: text)
            guard let answer = try? TunnelAnswer(readingFrom: &buffer), (try? request.check(answer)) != nil else {
                return
            }
            #expect(text.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "\(text.debugDescription)")
        }
    }

    @Test(
        "the schemes of carriers have the ports of HTTP, and rtsp in requests",
        arguments: [
            ("rtsps+https", RTSPURL.Scheme.rtspsHTTPS, 443, RTSPCarrier.httpTunnel, true),
            ("rtsp+ws", .rtspWS, 80, .webSocket, false), ("RTSPS+WSS", .rtspsWSS, 443, .webSocket, true),
            ("rtsp+http", .rtspHTTP, 80, .httpTunnel, false),
        ])
    func schemes(
        text: String, scheme: RTSPURL.Scheme, port: UInt16, carrier: RTSPCarrier, isSecure: Bool
    ) throws {
        let url = try #require(RTSPURL("\(text)://h/a"))
        #expect(url.scheme == scheme && url.portOrDefault == port && url.requestURI == "rtsp://h/a")
        #expect(scheme.carrier == carrier && scheme.isSecure == isSecure && scheme.through(carrier) == scheme)
        // Whatever the camera calls itself, it is asked through the same carrier, and never out of TLS.
        #expect(url.redirected(to: "rtsp://other/b")?.scheme == scheme)
        #expect(url.redirected(to: "rtsps://other/b")?.scheme == RTSPURL.Scheme.rtsps.through(carrier))
        #expect((url.redirected(to: "rtsp+http://other/b") == nil) == isSecure)
    }
}
