import HLS
import NIOHTTP1
import Reflector

extension WebRouter {
    /// A stream by WebSocket.
    func socket(of stream: StreamPath, _ request: WebRequest) -> WebResponse {
        guard let live, live.exists(stream) else { return WebResponse(.notFound, saying: nil) }
        switch WebSocketHandshake(request.method, request.headers, allowing: origin) {
        case .accepted(let accept):
            return WebResponse(
                .switchingProtocols,
                headers: ["Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": accept],
                body: .socket(LiveTicket(live, stream, request)))
        case .notAsked:
            var response = WebResponse(.upgradeRequired, saying: "this is a WebSocket (RFC 6455), of version 13")
            response.headers.add(contentsOf: [
                "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
            ])
            return response
        case .badKey: return WebResponse(.badRequest, saying: "Sec-WebSocket-Key is 16 bytes in Base64")
        case .foreignOrigin: return WebResponse(.forbidden, saying: "pages of that origin may not watch")
        }
    }

    /// A stream as one endless file.
    func movie(of stream: StreamPath, _ request: WebRequest) async -> WebResponse {
        guard let live else { return WebResponse(.notFound, saying: nil) }
        let ticket = LiveTicket(live, stream, request)
        do throws(LiveEnd) {
            let opening = try await live.readiness(of: stream, ticket.wish)
            if let objection = ticket.wish.objection(to: opening) {
                return WebResponse(.unsupportedMediaType, saying: objection)
            }
            return WebResponse(
                .ok,
                headers: [
                    "Content-Type": opening.pictures == nil ? "audio/mp4" : "video/mp4", "Cache-Control": "no-store",
                    "Accept-Ranges": "none",
                ], body: .live(ticket))
        } catch {
            switch error {
            case .gone: return WebResponse(.notFound, saying: nil)
            case .stopping: return WebResponse(.serviceUnavailable, saying: "the server is stopping")
            case .unavailable(let reason): return WebResponse(.serviceUnavailable, saying: reason)
            case .unsupported(let reason): return WebResponse(.unsupportedMediaType, saying: reason)
            }
        }
    }
}

extension LiveTicket {
    /// The query tells what the viewer can show.
    fileprivate init(_ live: LiveService, _ stream: StreamPath, _ request: WebRequest) {
        self.init(service: live, path: stream, wish: LiveWish(probes: request.target.value(of: "codecs")))
    }
}
