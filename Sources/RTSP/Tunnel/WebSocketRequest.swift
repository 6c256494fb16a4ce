import Media
import NIOCore

/// The request with which a client opens a WebSocket for RTSP (RFC 6455 §4.1; ONVIF Streaming Specification §5.1.4).
package struct WebSocketRequest: Sendable {
    private let url: RTSPURL
    private let path: String?
    private let key: String
    private let userAgent: String

    /// Some cameras have one path for all WebSockets, whatever stream is asked for in them (quirk L5): `path` with its query; else it is
    /// the stream's own.
    package init(
        url: RTSPURL, path: String? = nil, userAgent: String = "Heliograph",
        using generator: inout some RandomNumberGenerator
    ) {
        self.url = url
        self.path = path
        self.userAgent = userAgent
        key = Base64.encode((0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    }

    /// The URI of the request line, which a digest has to sign.
    package var target: String {
        let target = path ?? url.pathAndQuery
        return target.utf8.first == UInt8(ascii: "/") ? target : "/" + target
    }

    /// The head; RTSP in frames follows its answer.
    package func get(authorization: String?) -> ByteBuffer {
        var lines = ["GET \(target) HTTP/1.1", "Host: \(url.authority)", "User-Agent: \(userAgent)"]
        if let authorization { lines.append("Authorization: \(authorization)") }
        lines += [
            "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: \(key)",
            "Sec-WebSocket-Protocol: \(WebSocketUpgrade.subprotocol)",
        ]
        return ByteBuffer(string: lines.joined(separator: "\r\n") + "\r\n\r\n")
    }

    /// Throws unless what follows is RTSP in frames. A server that names no protocol has understood the only one offered.
    func check(_ answer: TunnelAnswer) throws(TunnelError) {
        guard answer.status.code == 101 else { throw .refused(answer.status) }
        guard answer.headers.optionTags("Upgrade").contains(where: { $0.isSameToken(as: "websocket") }),
            answer.headers["Sec-WebSocket-Accept"] == WebSocketUpgrade.accept(of: key)
        else { throw .noWebSocket }
        let protocols = answer.headers.optionTags("Sec-WebSocket-Protocol")
        guard protocols.allSatisfy({ $0.isSameToken(as: WebSocketUpgrade.subprotocol) }) else { throw .noWebSocket }
    }
}
