import Media
import NIOCore
import NIOPosix
import RTSP

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// One connection to an RTSP server that we publish to: socket, parser, conversation and UDP ports, on one event loop.
///
/// One-shot: it is made, started, and ends once, by `stop()` or by itself. It tears its session down before it closes, so that the
/// path is free at once for the next one.
package final class RTSPRecordConnection: ChannelInboundHandler {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    let eventLoop: any EventLoop
    let patience: RTSPClientConnection.Patience
    var machine: RecordClientStateMachine
    var phase = ClientPhase<RTSPRecordEnd>.idle
    var source: (any RTSPRecordSource)?
    /// In the order in which tracks ask for them.
    var pairs: [DatagramSocketPair] = []
    var channels = ChannelTable()
    var parser = RTSPMessageParser(limits: .client)
    var answerTimer: Scheduled<Void>?
    var keepaliveTimer: RepeatedTask?
    private(set) var channel: (any Channel)?
    private(set) var writer: InterleavedWriter?
    private let url: RTSPURL
    private let tls: ClientTLS
    private(set) var unread = ByteBuffer()
    /// What a connection that ends by itself ended by.
    private var loss = RTSPRecordEnd.closed

    /// `eventLoop` is where the connection will live; it must be the current one. `tls` is for `rtsps` alone.
    package init(
        _ request: RecordClientStateMachine.Request,
        tls: ClientTLS = ClientTLS(),
        patience: RTSPClientConnection.Patience = .init(),
        source: any RTSPRecordSource,
        on eventLoop: any EventLoop
    ) {
        self.eventLoop = eventLoop
        self.patience = patience
        self.source = source
        self.tls = tls
        url = request.url
        machine = RecordClientStateMachine(request)
    }

    /// Connects; completes when the connection stands or cannot be had, which `source` is told too.
    package func start() -> EventLoopFuture<Void> {
        phase = .connecting
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let (url, tls, answer, eventLoop) = (url, tls, patience.answer, eventLoop)
        let connecting = ClientBootstrap.rtsp(on: eventLoop, within: answer)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try tls.protect(channel, to: url, within: answer)
                    try channel.pipeline.syncOperations.addHandler(bound.value)
                }
            }
            .connect(to: url.host, port: url.portOrDefault, on: eventLoop)
            .flatMap { channel in
                bound.value.phase.isConnecting
                    ? ClientTLS.completed(on: channel, to: url) : eventLoop.makeSucceededVoidFuture()
            }
        connecting.assumeIsolated().whenFailure { error in
            switch error {
            case let error as TLSFailure: self.finish(.insecure(error))
            default: self.finish(.unreachable(reason: ClientBootstrap.reason(error)))
            }
        }
        return connecting.recover { _ in }
    }

    /// Tears the session down and closes; idempotent.
    package func stop() {
        leave(.stopped)
    }

    /// Keepalives without an answer, of a server that has answered one before.
    package var missedKeepalives: Int { machine.missedKeepalives }

    // MARK: Channel

    package func channelActive(context: ChannelHandlerContext) {
        guard case .connecting = phase, let source, let peer = context.channel.remoteAddress,
            let local = context.channel.localAddress,
            let first = machine.connected(announcing: source.connected(to: peer, from: local))
        else { return context.close(promise: nil) }
        phase = .talking
        channel = context.channel
        // Nothing may pass TLS.
        let writer = InterleavedWriter(channel: context.channel, entrance: url.scheme == .rtsps ? .pipeline : .socket)
        writer.open()
        self.writer = writer
        ask(first)
    }

    package func channelInactive(context: ChannelHandlerContext) {
        // Of a name with several addresses the slower one may stand after the race is over, and is closed for it.
        guard let channel, channel === context.channel else { return }
        self.channel = nil
        guard let writer, writer.isWriting else { return closed() }
        // Noticed within a write of the source's own: it must not be told in the midst of it.
        writer.close()
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.execute { bound.value.closed() }
    }

    private func closed() {
        if case .leaving(let end) = phase { finish(end) } else { finish(loss) }
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch (error as? IOError)?.errnoCode {
        case ETIMEDOUT: loss = .unacknowledged
        case ECONNRESET: loss = .reset
        default: break
        }
        context.close(promise: nil)
    }

    /// Answers and reports come seldom: what is left of one read is joined with the next.
    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard phase.isListening else { return }
        var bytes = Self.unwrapInboundIn(data)
        unread.writeBuffer(&bytes)
        do {
            while phase.isListening, let message = try parser.next(&unread) { take(message) }
        } catch {
            unread = ByteBuffer()
            return leave(.malformed(error))
        }
        unread.discardReadBytes()
    }

    private func take(_ message: RTSPMessage) {
        switch message {
        case .interleaved(let frame):
            guard let entry = channels[frame.channel] else { return }
            source?.received(frame.payload, track: entry.track)
        case .response(let response):
            act(on: machine.responseReceived(response))
        case .request(let request):
            act(on: machine.requestReceived(request))
        }
    }
}

extension ClientPhase<RTSPRecordEnd> {
    /// What comes is read: where a message ends is known still.
    fileprivate var isListening: Bool {
        switch self {
        case .leaving(.malformed), .idle, .connecting, .ended: false
        case .talking, .leaving: true
        }
    }
}
