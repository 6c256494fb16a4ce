import NIOCore

/// What an RTSP port says to a client that speaks HTTP (RFC 9110 §15).
package struct HTTPAnswer: Sendable, Hashable {
    private var version = "1.1"
    private var status: RTSPStatus
    private var headers: RTSPHeaders
    /// One line for whoever reads it; `nil` where what follows is no body.
    private var text: String?

    /// The answer as bytes.
    package var bytes: ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeString("HTTP/\(version) \(status.code) \(status.reason)\r\n")
        for field in headers.fields { buffer.writeString("\(field.name): \(field.value)\r\n") }
        if let text { buffer.writeString("Content-Type: text/plain\r\nContent-Length: \(text.utf8.count)\r\n") }
        buffer.writeString("\r\n\(text ?? "")")
        return buffer
    }

    private init(refusing code: Int, _ reason: String, _ text: String, _ headers: RTSPHeaders = RTSPHeaders()) {
        status = RTSPStatus(code: code, reason: reason)
        self.headers = headers
        self.headers.add("Connection", "close")
        self.text = text + "\n"
    }

    /// The answer to a tunnel's GET; RTSP follows, raw. The date is QuickTime's, so long ago that no cache keeps it.
    package static func tunnelOpened(server: String) -> HTTPAnswer {
        var answer = HTTPAnswer(refusing: 200, "OK", "")
        answer.version = "1.0"
        answer.text = nil
        answer.headers = [
            "Server": server, "Connection": "close", "Date": "Thu, 19 Aug 1982 18:30:00 GMT",
            "Cache-Control": "no-store", "Pragma": "no-cache", "Content-Type": TunnelRequest.contentType,
        ]
        return answer
    }

    /// The answer that makes a WebSocket of the connection (RFC 6455 §4.2.2).
    package static func webSocketOpened(_ upgrade: WebSocketUpgrade) -> HTTPAnswer {
        var answer = HTTPAnswer(refusing: 101, "Switching Protocols", "")
        answer.text = nil
        answer.headers = [
            "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": upgrade.accept,
        ]
        if upgrade.namesProtocol { answer.headers.add("Sec-WebSocket-Protocol", WebSocketUpgrade.subprotocol) }
        return answer
    }

    /// `Expect: 100-continue` of a POST whose body is awaited.
    package static let goOn = ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")

    /// HTTP that asks for no tunnel.
    package static let noPages = HTTPAnswer(
        refusing: 501, "Not Implemented",
        "This port speaks RTSP, also through an HTTP tunnel or a WebSocket; it has no pages."
    )

    /// A POST in chunks: the tunnel's own framing is Base64, and no client mixes the two.
    package static let noChunks = HTTPAnswer(
        refusing: 501, "Not Implemented", "A tunnel's POST is sent with a Content-Length, not in chunks."
    )

    package static let badCookie = HTTPAnswer(
        refusing: 400, "Bad Request", "The x-sessioncookie is empty, too long or not ASCII."
    )

    package static let badBase64 = HTTPAnswer(refusing: 400, "Bad Request", "The body is no Base64.")

    package static let badWebSocketKey = HTTPAnswer(
        refusing: 400, "Bad Request", "The Sec-WebSocket-Key is missing or is not 16 bytes in Base64."
    )

    package static let badSubprotocol = HTTPAnswer(
        refusing: 400, "Bad Request", "The only Sec-WebSocket-Protocol here is \(WebSocketUpgrade.subprotocol)."
    )

    package static let badWebSocketVersion = HTTPAnswer(
        refusing: 426, "Upgrade Required", "The only Sec-WebSocket-Version here is 13.",
        ["Sec-WebSocket-Version": "13"]
    )

    package static let requestTimeout = HTTPAnswer(
        refusing: 408, "Request Timeout", "The request, or the other half of the tunnel, did not come in time."
    )

    package static let cookieInUse = HTTPAnswer(
        refusing: 409, "Conflict", "Another connection of this address uses the x-sessioncookie."
    )

    package static let headTooLarge = HTTPAnswer(
        refusing: 431, "Request Header Fields Too Large", "The head of a request has 16 KB at most."
    )

    package static let tooManyHalves = HTTPAnswer(
        refusing: 503, "Service Unavailable", "Too many tunnels wait for their other half.", ["Retry-After": "10"]
    )
}
