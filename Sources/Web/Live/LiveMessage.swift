import HLS
import NIOCore
import NIOWebSocket

/// What is told over a WebSocket beside fragments.
enum LiveMessage {
    /// What follows: `{"type":"video/mp4; codecs=\"avc1.640028,mp4a.40.2\"","width":1280,"height":720}`
    static func opens(_ opening: LiveOpening) -> String {
        var message = JSONText()
        message.object {
            $0.add("type", opening.mediaType)
            $0.add("width", opening.dimensions?.width)
            $0.add("height", opening.dimensions?.height)
        }
        return message.text
    }

    /// `{"state":"lost","reason":"…"}`, `{"state":"live"}`
    static func source(lost reason: String?) -> String {
        var message = JSONText()
        message.object {
            $0.add("state", reason == nil ? "live" : "lost")
            $0.add("reason", reason)
        }
        return message.text
    }
}

/// How a WebSocket is closed: a code of RFC 6455 §7.4, or of this server's own, and why.
struct LiveFarewell: Equatable {
    let code: WebSocketErrorCode
    let reason: String

    init(_ code: WebSocketErrorCode, _ reason: String = "") {
        self.code = code
        // A control frame has 125 bytes at most, two of them the code (§5.5).
        var reason = reason.unicodeScalars.prefix(120).map { $0.value < 0x20 ? " " : String($0) }.joined()
        while reason.utf8.count > 120 { reason.removeLast() }
        self.reason = reason
    }

    /// The peer's own code goes back, where it may be sent at all (RFC 6455 §7.4, and what is registered since); a reason in words is
    /// UTF-8 (§5.5.1).
    init(answering data: ByteBuffer) {
        var data = data
        guard data.readableBytes > 0 else {
            self.init(.normalClosure)
            return
        }
        let code = data.readInteger(as: UInt16.self) ?? 0
        let isSound = (1000...1003).contains(code) || (1007...1014).contains(code) || (3000...4999).contains(code)
        let isText = String(validating: data.readableBytesView, as: UTF8.self) != nil
        let answer = WebSocketErrorCode(codeNumber: Int(code))
        self.init(!isSound ? .protocolError : isText ? answer : .dataInconsistentWithMessage)
    }

    init(_ end: LiveEnd) {
        switch end {
        case .stopping: self.init(.goingAway, "the server is stopping")
        case .gone: self.init(.unknown(4404), "there is no such stream")
        case .unavailable(let reason): self.init(.unknown(4503), reason)
        case .unsupported(let reason): self.init(.unexpectedServerError, reason)
        }
    }
}
