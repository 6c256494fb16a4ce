import NIOCore
import RTSP

/// Looks at the first bytes of an accepted connection and gives it the handler for what it speaks, then leaves.
///
/// It stands in the connection's own byte stream, so behind TLS it sees what is inside.
final class ConnectionDoor: ChannelInboundHandler, RemovableChannelHandler, OpenConnection {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let environment: ConnectionEnvironment
    private var opening = ConnectionOpening()
    private var patience: ConnectionPatience
    private var unread = ByteBuffer()
    private var context: ChannelHandlerContext?
    private var wasOpen = false

    init(environment: ConnectionEnvironment) {
        self.environment = environment
        patience = ConnectionPatience(limits: environment.limits, at: .now())
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { opened(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        opened(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        ended()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // What is read while it leaves belongs to the handler behind it.
        guard self.context != nil else { return context.fireChannelRead(data) }
        let bytes = Self.unwrapInboundIn(data)
        if unread.readableBytes == 0 { unread = bytes } else { unread.writeImmutableBuffer(bytes) }
        guard let finding = opening.read(&unread) else {
            unread = unread.trimmed
            return patience.readEnded(withinRequest: unread.readableBytes > 0, at: .now())
        }
        let rest = unread
        unread = ByteBuffer()
        do {
            try open(finding, rest, context)
        } catch {
            context.close(promise: nil)
        }
    }

    private func opened(_ context: ChannelHandlerContext) {
        guard !wasOpen else { return }
        wasOpen = true
        self.context = context
        environment.siblings.opened(self)
    }

    private func ended() {
        guard context != nil else { return }
        context = nil
        unread = ByteBuffer()
        environment.siblings.closed(self)
    }

    // MARK: What it speaks

    private func open(_ finding: ConnectionOpening.Finding, _ rest: ByteBuffer, _ context: ChannelHandlerContext) throws
    {
        switch finding {
        case .rtsp:
            let connection = RTSPServerConnection(environment: environment)
            try install([connection], context)
            if rest.readableBytes > 0 {
                context.fireChannelRead(wrapInboundOut(rest))
                context.fireChannelReadComplete()
            }
        case .tunnelGet(let cookie):
            try openTunnel(key(cookie, context), context)
        case .tunnelPost(let cookie, let expectsContinue):
            if expectsContinue { context.writeAndFlush(NIOAny(HTTPAnswer.goOn), promise: nil) }
            let post = TunnelPostHandler(key: key(cookie, context), environment: environment, beginning: rest)
            try install([post], context)
            post.begin()
        case .webSocket(let upgrade):
            environment.tally.count(\.webSockets)
            context.writeAndFlush(NIOAny(HTTPAnswer.webSocketOpened(upgrade).bytes), promise: nil)
            let connection = RTSPServerConnection(environment: environment.within("websocket"))
            let framing = WebSocketFraming(as: .server(environment.tally))
            try install([framing.decoder, framing.encoder, framing, connection], context)
            connection.writer?.leaveSocket()
            try framing.replay(rest, context.pipeline)
        case .refused(let answer):
            environment.tally.count(\.foreignProtocol)
            try refuse(answer, context)
        }
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    private func key(_ cookie: TunnelCookie, _ context: ChannelHandlerContext) -> TunnelKey {
        TunnelKey(network: Network(context.channel.remoteAddress), cookie: cookie)
    }

    private func openTunnel(_ key: TunnelKey, _ context: ChannelHandlerContext) throws {
        let get = TunnelGetHandler(key: key, book: environment.tunnels, tally: environment.tally)
        let end = TunnelEnd(get, on: context.eventLoop)
        let waiting: TunnelEnd<TunnelPostHandler>?
        do throws(TunnelRefusal) {
            waiting = try environment.tunnels.getArrived(end, key)
        } catch {
            environment.tally.count(\.tunnelsRefused)
            return try refuse(error.answer, context)
        }
        environment.tally.count(\.tunnels)
        context.writeAndFlush(
            NIOAny(HTTPAnswer.tunnelOpened(server: environment.serverName).bytes), promise: nil)
        try install([get, RTSPServerConnection(environment: environment.within("http"))], context)
        waiting?.perform { $0.bound(to: end) }
    }

    private func refuse(_ answer: HTTPAnswer, _ context: ChannelHandlerContext) throws {
        let connection = RTSPServerConnection(environment: environment)
        try install([connection], context)
        connection.end(with: answer.bytes)
    }

    private func install(_ handlers: [any ChannelHandler], _ context: ChannelHandlerContext) throws {
        try context.pipeline.syncOperations.addHandlers(handlers, position: .after(self))
    }

    // MARK: The loop's calls

    func sweep(at now: NIODeadline) {
        guard let context else { return }
        switch patience.verdict(at: now, hasSession: false, isBusy: false) {
        case .fine: break
        case .requestTooSlow:
            environment.tally.count(\.slowRequests)
            do {
                try refuse(.requestTimeout, context)
                context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
            } catch {
                abort()
            }
        case .idle:
            environment.tally.count(\.idle)
            abort()
        case .closingTooSlow:
            abort()
        }
    }

    func stop() {
        abort()
    }

    func abort() {
        context?.close(promise: nil)
    }
}

extension ConnectionEnvironment {
    /// Inside a tunnel or a WebSocket media goes the same way: who asks for UDP is told 461.
    fileprivate func within(_ carrier: String) -> ConnectionEnvironment {
        var environment = self
        environment.keepsMedia = true
        environment.logger[metadataKey: "via"] = "\(carrier)"
        return environment
    }
}
