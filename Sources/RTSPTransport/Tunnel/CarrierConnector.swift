import NIOCore
import RTSP

/// Opens a tunnel or a WebSocket to a camera: GET, once more with credentials where they are asked for (loop-confined, one-shot).
final class CarrierConnector {
    private static let get = RTSPMethod(rawValue: "GET")
    private static let post = RTSPMethod(rawValue: "POST")

    private let request: CarrierRequest
    private let dialer: ClientDialer
    private var authenticator: Authenticator?

    /// For a conversation whose URL names the carrier; `webSocketPath` where it is not the stream's own.
    init(_ conversation: PlayClientStateMachine.Request, webSocketPath: String?, over dialer: ClientDialer) {
        // Unguessable: who knows the cookie can send requests into the tunnel.
        var generator = SystemRandomNumberGenerator()
        let (url, userAgent) = (conversation.url, conversation.userAgent)
        request =
            switch url.scheme.carrier {
            case .webSocket:
                .webSocket(
                    WebSocketRequest(url: url, path: webSocketPath, userAgent: userAgent, using: &generator))
            case .httpTunnel, .direct:
                .tunnel(TunnelRequest(url: url, cookie: TunnelCookie(using: &generator), userAgent: userAgent))
            }
        authenticator = url.credentials.map { Authenticator(credentials: $0, cnonce: conversation.clientNonce) }
        self.dialer = dialer
    }

    /// The channel of an answered GET, to be given its connection by `begin`. Fails with a `TunnelError`, a `PlayClientError`
    /// where credentials are refused, a `TLSFailure`, or what keeps the connection from being made.
    func connect() -> EventLoopFuture<any Channel> {
        attempt(isLast: false)
    }

    /// Puts the RTSP connection on it, and lets it begin.
    func begin(_ connection: some ChannelInboundHandler, on channel: any Channel) throws {
        guard let address = channel.remoteAddress else { throw TunnelError.closed }
        let pipeline = channel.pipeline.syncOperations
        let handler = try pipeline.handler(type: TunnelClientHandler.self)
        switch request {
        case .tunnel(let request):
            try pipeline.addHandler(connection)
            handler.open(
                TunnelWayUp(to: address, over: dialer) {
                    request.post(authorization: self.authorization(Self.post))
                })
        case .webSocket:
            let framing = WebSocketFraming(as: .client)
            try pipeline.addHandlers([framing.decoder, framing.encoder, framing, connection])
            handler.open(nil)
        }
    }

    private func authorization(_ method: RTSPMethod) -> String? {
        authenticator?.authorization(method: method, uri: request.target)
    }

    private func attempt(isLast: Bool) -> EventLoopFuture<any Channel> {
        let promise = dialer.eventLoop.makePromise(of: (any Channel).self)
        dialer.dial { [TunnelClientHandler()] }.assumeIsolated().whenComplete { result in
            switch result {
            case .failure(let error): promise.fail(error)
            case .success(let channel): self.ask(on: channel, isLast: isLast, promise)
            }
        }
        return promise.futureResult
    }

    private func ask(on channel: any Channel, isLast: Bool, _ promise: EventLoopPromise<any Channel>) {
        let handler = try? channel.pipeline.syncOperations.handler(type: TunnelClientHandler.self)
        let get = request.get(authorization: authorization(Self.get))
        guard let answer = handler?.ask(get, within: dialer.patience) else { return promise.fail(TunnelError.closed) }
        answer.assumeIsolated().whenComplete { result in
            switch result {
            case .failure(let error):
                promise.fail(error)
            case .success(let answer):
                self.answered(answer, on: channel, isLast: isLast, promise)
            }
        }
    }

    private func answered(
        _ answer: TunnelAnswer, on channel: any Channel, isLast: Bool, _ promise: EventLoopPromise<any Channel>
    ) {
        guard answer.status.code == 401 else {
            do throws(TunnelError) {
                try request.check(answer)
                promise.succeed(channel)
            } catch {
                channel.close(promise: nil)
                promise.fail(error)
            }
            return
        }
        // A connection of its own: many close this one, and what is left of a body is nobody's.
        channel.close(promise: nil)
        let mayRetry = !isLast && authenticator?.challenged(by: answer.headers) == .retry
        guard mayRetry else {
            return promise.fail(PlayClientError.unauthorized(hadCredentials: authenticator != nil))
        }
        promise.completeWith(attempt(isLast: true))
    }
}
