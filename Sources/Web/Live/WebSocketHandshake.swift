import Media
import NIOHTTP1
import RTSP

/// A request to open a WebSocket (RFC 6455 §4.2.1), held against what the server allows.
enum WebSocketHandshake: Equatable {
    /// The value of `Sec-WebSocket-Accept`.
    case accepted(String)
    /// Anything else over HTTP: what is here is told to come by WebSocket (426).
    case notAsked
    case badKey
    /// A page of another server, that may not read from here.
    case foreignOrigin

    /// `origin` is whose pages may read, beside those of the server itself.
    init(_ method: HTTPMethod, _ headers: HTTPHeaders, allowing origin: AllowedOrigin) {
        let isAsked =
            method == .GET && headers[canonicalForm: "Upgrade"].contains { $0.lowercased() == "websocket" }
            && headers[canonicalForm: "Connection"].contains { $0.lowercased() == "upgrade" }
        // There is one version; another is answered like no WebSocket at all, with the one there is.
        guard isAsked, headers["Sec-WebSocket-Version"] == ["13"] else {
            self = .notAsked
            return
        }
        let keys = headers["Sec-WebSocket-Key"]
        guard keys.count == 1, let key = keys.first, key.utf8.count == 24, Base64.decode(key)?.count == 16 else {
            self = .badKey
            return
        }
        guard Self.isAllowed(headers, origin) else {
            self = .foreignOrigin
            return
        }
        self = .accepted(WebSocketUpgrade.accept(of: key))
    }

    /// Browsers let any page open a WebSocket anywhere, and leave it to the server to look at the origin (RFC 6455 §10.2). Who names none
    /// is no browser.
    private static func isAllowed(_ headers: HTTPHeaders, _ origin: AllowedOrigin) -> Bool {
        let origins = headers["Origin"]
        guard let found = origins.first else { return true }
        guard origins.count == 1 else { return false }
        if let mark = found.firstRange(of: "://"), let host = headers.first(name: "Host"),
            found[mark.upperBound...].lowercased() == host.lowercased()
        {
            return true
        }
        switch origin {
        case .any: return true
        case .one(let allowed): return found.lowercased() == allowed.lowercased()
        case .none: return false
        }
    }
}
