import NIOCore
import NIOPosix
import RTSP

/// Opens a tunnel to a camera: GET, once more with credentials where they are asked for (loop-confined, one-shot).
final class TunnelConnector {
    private static let get = RTSPMethod(rawValue: "GET")
    private static let post = RTSPMethod(rawValue: "POST")

    private let url: RTSPURL
    private let request: TunnelRequest
    private let patience: TimeAmount
    private let eventLoop: any EventLoop
    private let makeBootstrap: () -> ClientBootstrap
    private var authenticator: Authenticator?

    /// Unguessable: who knows the cookie can send requests into the tunnel.
    init(
        _ conversation: PlayClientStateMachine.Request, patience: TimeAmount, on eventLoop: any EventLoop,
        makeBootstrap: @escaping () -> ClientBootstrap
    ) {
        var generator = SystemRandomNumberGenerator()
        url = conversation.url
        request = TunnelRequest(
            url: url, cookie: TunnelCookie(using: &generator), userAgent: conversation.userAgent)
        authenticator = url.credentials.map { Authenticator(credentials: $0, cnonce: conversation.clientNonce) }
        self.patience = patience
        self.eventLoop = eventLoop
        self.makeBootstrap = makeBootstrap
    }

    /// The channel of an answered GET, to be given its connection by `begin`. Fails with a `TunnelError`, a `PlayClientError`
    /// where credentials are refused, or what keeps the connection from being made.
    func connect() -> EventLoopFuture<any Channel> {
        attempt(isLast: false)
    }

    /// Puts the RTSP connection on the tunnel, and lets it begin.
    func begin(_ connection: some ChannelInboundHandler, on channel: any Channel) throws {
        guard let address = channel.remoteAddress else { throw TunnelError.closed }
        try channel.pipeline.syncOperations.addHandler(connection)
        let handler = try channel.pipeline.syncOperations.handler(type: TunnelClientHandler.self)
        handler.open(
            TunnelWayUp(to: address, makeBootstrap: makeBootstrap) {
                self.request.post(authorization: self.authorization(Self.post))
            })
    }

    private func authorization(_ method: RTSPMethod) -> String? {
        authenticator?.authorization(method: method, uri: request.target)
    }

    private func attempt(isLast: Bool) -> EventLoopFuture<any Channel> {
        let promise = eventLoop.makePromise(of: (any Channel).self)
        let connecting = makeBootstrap().channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(TunnelClientHandler())
            }
        }.connect(host: url.host, port: Int(url.portOrDefault))
        connecting.assumeIsolated().whenComplete { result in
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
        guard let answer = handler?.ask(get, within: patience) else { return promise.fail(TunnelError.closed) }
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
        switch answer.status.code {
        case 200..<300 where answer.headers["Transfer-Encoding"] != nil:
            channel.close(promise: nil)
            promise.fail(TunnelError.chunked)
        case 200..<300:
            promise.succeed(channel)
        case 401:
            // A connection of its own: many close this one, and what is left of a body is nobody's.
            channel.close(promise: nil)
            let mayRetry = !isLast && authenticator?.challenged(by: answer.headers) == .retry
            guard mayRetry else {
                return promise.fail(PlayClientError.unauthorized(hadCredentials: authenticator != nil))
            }
            promise.completeWith(attempt(isLast: true))
        default:
            channel.close(promise: nil)
            promise.fail(TunnelError.refused(answer.status))
        }
    }
}
