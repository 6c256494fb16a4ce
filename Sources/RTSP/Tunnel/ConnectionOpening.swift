import NIOCore

/// The first bytes of an accepted connection: what does the client speak?
///
///     OPTIONS rtsp://host/gate RTSP/1.0                           RTSP
///     GET /gate HTTP/1.0 … x-sessioncookie: w7Vq…                 a tunnel's way down
///     POST /gate HTTP/1.0 … x-sessioncookie: w7Vq…                its way up
///     GET /gate HTTP/1.1 … Upgrade: websocket                     RTSP over a WebSocket
///
/// Only what begins with `GET ` or `POST ` waits for more than a few bytes. Like the message parser it remembers how far it
/// has read, so it must be given the same buffer each time, with nothing but bytes added behind.
package struct ConnectionOpening: Sendable {
    /// What a connection turned out to be; the head of an HTTP request is taken from the buffer, nothing else.
    package enum Finding: Sendable, Hashable {
        /// RTSP, or nothing that is known: the message parser tells what is wrong with it.
        case rtsp
        /// The answers and the media of the tunnel with that cookie go this way.
        case tunnelGet(TunnelCookie)
        /// The requests of that tunnel come this way, in Base64, however long the POST called itself.
        case tunnelPost(TunnelCookie, expectsContinue: Bool)
        case webSocket(WebSocketUpgrade)
        /// HTTP of another kind, or a tunnel that cannot be; the end behind this answer.
        case refused(HTTPAnswer)
    }

    private static let limits: RTSPMessageLimits = {
        var limits = RTSPMessageLimits.server
        limits.headerBytes = 16_384
        return limits
    }()
    private static let methods = ["GET ", "POST "].map { Array($0.utf8) }

    private var head = MessageHead()

    package init() {}

    /// `nil` = more bytes are needed.
    package mutating func read(_ buffer: inout ByteBuffer) -> Finding? {
        if head.isEmpty {
            buffer.skipLineEnds()
            let beginning = buffer.readableBytesView.prefix(5)
            guard Self.methods.contains(where: { $0.starts(with: beginning.prefix($0.count)) }) else { return .rtsp }
            guard beginning.contains(0x20) else { return nil }
        }
        switch head.advance(over: buffer.readableBytesView, limits: Self.limits) {
        case .malformed:
            return .rtsp
        case .incomplete:
            return head.startLine == nil || isHTTP ? nil : .rtsp
        case .tooLarge:
            return isHTTP ? .refused(.headTooLarge) : .rtsp
        case .complete(let length):
            guard case .request(let method, _, let version) = head.startLine, isHTTP else { return .rtsp }
            buffer.moveReaderIndex(forwardBy: length)
            return Self.finding(isGet: method.rawValue == "GET", isFirstVersion: version == "HTTP/1.0", head.headers)
        }
    }

    /// Bytes of a request are there: whoever waits for more of them waits for HTTP.
    package var hasBegunHTTP: Bool { !head.isEmpty }

    private var isHTTP: Bool {
        guard case .request(_, _, let version) = head.startLine else { return false }
        return version.hasPrefix("HTTP/")
    }

    private static func finding(isGet: Bool, isFirstVersion: Bool, _ headers: RTSPHeaders) -> Finding {
        if let text = headers["x-sessioncookie"] {
            guard let cookie = TunnelCookie(text) else { return .refused(.badCookie) }
            guard !isGet else { return .tunnelGet(cookie) }
            guard headers["Transfer-Encoding"] == nil else { return .refused(.noChunks) }
            let expectation = headers["Expect"] ?? ""
            return .tunnelPost(
                cookie, expectsContinue: !isFirstVersion && expectation.isSameToken(as: "100-continue"))
        }
        guard isGet, WebSocketUpgrade.isAsked(by: headers) else { return .refused(.noPages) }
        do throws(WebSocketUpgrade.Refusal) {
            return .webSocket(try WebSocketUpgrade(headers))
        } catch {
            return switch error {
            case .version: .refused(.badWebSocketVersion)
            case .key: .refused(.badWebSocketKey)
            case .subprotocol: .refused(.badSubprotocol)
            }
        }
    }
}
