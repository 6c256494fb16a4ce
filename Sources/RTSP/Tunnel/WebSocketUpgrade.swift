import Crypto
import Media

/// A client's wish to speak RTSP over a WebSocket (RFC 6455 §4.2.1; ONVIF Streaming Specification §5.1.4).
package struct WebSocketUpgrade: Sendable, Hashable {
    /// What a client names that speaks RTSP.
    package static let subprotocol = "rtsp.onvif.org"
    private static let identifier = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    /// The value of `Sec-WebSocket-Accept`: proves that the request was read as what it is.
    package let accept: String
    /// Whether the client named a subprotocol, and wants to see it again.
    package let namesProtocol: Bool

    /// What keeps a request from becoming a WebSocket.
    enum Refusal: Error {
        case version, key, subprotocol
    }

    /// Whether these are the headers of such a wish at all.
    static func isAsked(by headers: RTSPHeaders) -> Bool {
        headers.optionTags("Upgrade").contains { $0.isSameToken(as: "websocket") }
    }

    /// A client that names no subprotocol is believed: there is only one here.
    init(_ headers: RTSPHeaders) throws(Refusal) {
        guard headers["Sec-WebSocket-Version"] == "13" else { throw .version }
        guard let key = headers["Sec-WebSocket-Key"], key.utf8.count == 24, Base64.decode(key)?.count == 16 else {
            throw .key
        }
        let protocols = headers.optionTags("Sec-WebSocket-Protocol")
        guard protocols.isEmpty || protocols.contains(where: { $0.isSameToken(as: Self.subprotocol) }) else {
            throw .subprotocol
        }
        accept = Self.accept(of: key)
        namesProtocol = !protocols.isEmpty
    }

    /// What proves that the request with that key was read (RFC 6455 §4.2.2).
    package static func accept(of key: String) -> String {
        Base64.encode(Array(Insecure.SHA1.hash(data: Array((key + identifier).utf8))))
    }
}
