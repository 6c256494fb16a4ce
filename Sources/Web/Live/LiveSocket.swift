import HLS
import Logging
import NIOCore
import NIOWebSocket
import RTSPTransport

/// A viewer of live fragments over a WebSocket (RFC 6455), in the place of the HTTP connection it was (loop-confined).
///
/// The viewer has nothing to say: what it sends is looked at as far as the protocol asks for it, and thrown away.
final class LiveSocket: ChannelInboundHandler, OpenConnection, LiveViewer {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private enum Phase {
        /// To watching, closing.
        case waiting(Task<Void, Never>)
        /// To closing.
        case watching(LivePlace)
        /// The last frame is sent: the peer answers it, or is hung up on.
        case closing(since: NIODeadline)
    }

    /// A longer frame is refused: there is nothing that a viewer could have to say.
    static let largestFrame = 4096
    private static let pingInterval = TimeAmount.seconds(15)

    private let ticket: LiveTicket
    private let environment: WebEnvironment
    private let meter: ByteMeter
    private let logger: Logger
    private var context: ChannelHandlerContext?
    private var phase: Phase?
    private var stall = StallWatch()
    private var visit = LiveVisit()
    private var lastHeard = NIODeadline.now()
    private var lastPing = NIODeadline.now()
    /// Told once, when the connection is.
    var over: () -> Void = {}

    init(_ ticket: LiveTicket, environment: WebEnvironment, meter: ByteMeter, logger: Logger) {
        self.ticket = ticket
        self.environment = environment
        self.meter = meter
        self.logger = logger
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        environment.tally.count(\.webSockets)
        phase = .waiting(ticket.admit(self, on: context.eventLoop))
        environment.siblings.opened(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        leave()
        phase = nil
        environment.siblings.closed(self)
        visit.ended(ticket, via: "websocket", logger)
        over()
        over = {}
    }

    // MARK: The peer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .closing = phase {
            if case .connectionClose = unwrapInboundIn(data).opcode { context.close(promise: nil) }
            return
        }
        lastHeard = .now()
        let frame = unwrapInboundIn(data)
        // RFC 6455 §5.1, §5.2: a client masks, and nobody has agreed on extensions.
        guard frame.maskKey != nil, !frame.rsv1, !frame.rsv2, !frame.rsv3 else {
            return broke(LiveFarewell(.protocolError, "a frame without mask, or of an extension"))
        }
        switch frame.opcode {
        case .connectionClose: echo(frame.unmaskedData)
        case .ping:
            // Who does not read is not to fill our memory; a later ping asks again.
            guard backlog == 0 else { return }
            send(.pong, frame.unmaskedData)
            context.flush()
        case .pong: break
        case .binary, .text:
            guard frame.fin else { return broke(LiveFarewell(.messageTooLarge, "messages are not taken in pieces")) }
        case .continuation: broke(LiveFarewell(.messageTooLarge, "messages are not taken in pieces"))
        default: broke(LiveFarewell(.protocolError, "a frame of no known kind"))
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case NIOWebSocketError.invalidFrameLength: broke(LiveFarewell(.messageTooLarge, "a frame that is too long"))
        case is NIOWebSocketError: broke(LiveFarewell(.protocolError, "a broken control frame"))
        default: context.close(promise: nil)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return context.fireUserInboundEventTriggered(event) }
        // Without a last frame: nobody is there.
        context.close(promise: nil)
    }

    private func broke(_ farewell: LiveFarewell) {
        environment.tally.count(\.malformed)
        close(farewell)
    }

    private func echo(_ data: ByteBuffer) {
        close(LiveFarewell(answering: data))
        context?.close(promise: nil)
    }

    private func close(_ farewell: LiveFarewell) {
        guard let context else { return }
        if case .closing = phase { return }
        leave()
        phase = .closing(since: .now())
        var data = ByteBuffer()
        data.write(webSocketErrorCode: farewell.code)
        data.writeString(farewell.reason)
        send(.connectionClose, data)
        context.flush()
    }

    private func leave() {
        switch phase {
        case .waiting(let task): task.cancel()
        case .watching(let place): place.leave()
        case .closing, nil: break
        }
    }

    private func send(_ opcode: WebSocketOpcode, _ data: ByteBuffer) {
        guard let context else { return }
        context.write(wrapOutboundOut(WebSocketFrame(fin: true, opcode: opcode, data: data)), promise: nil)
    }

    private func tell(_ text: String) {
        send(.text, ByteBuffer(string: text))
    }

    // MARK: LiveViewer

    var backlog: Int {
        context.map { meter.backlog(on: $0.channel) } ?? 0
    }

    func joined(_ place: LivePlace) {
        switch phase {
        case .waiting: phase = .watching(place)
        // It has gone meanwhile, or what it was given is nothing for it.
        case .watching, .closing, nil: place.leave()
        }
    }

    func opens(_ opening: LiveOpening) {
        guard isOpen else { return }
        if let objection = ticket.wish.objection(to: opening) {
            return close(LiveFarewell(.unexpectedServerError, objection))
        }
        tell(LiveMessage.opens(opening))
        send(.binary, opening.initialization)
    }

    func send(_ fragment: LiveFragment) {
        guard isOpen else { return }
        visit.sent(fragment.bytes.readableBytes)
        send(.binary, fragment.bytes)
    }

    func flush() {
        context?.flush()
    }

    func lostGroup() {
        visit.lostGroup()
    }

    func sourceChanged(lost reason: String?) {
        guard isOpen else { return }
        tell(LiveMessage.source(lost: reason))
    }

    func ended(_ end: LiveEnd) {
        close(LiveFarewell(end))
    }

    private var isOpen: Bool {
        switch phase {
        case .waiting, .watching: true
        case .closing, nil: false
        }
    }

    // MARK: OpenConnection

    func sweep(at now: NIODeadline) {
        guard let context else { return }
        let limits = environment.limits
        if case .closing(let since) = phase {
            if now - since >= limits.connections.closingTime { context.close(promise: nil) }
            return
        }
        guard !stall.isStalled(context.channel, meter, at: now, for: limits.readingTime),
            now - lastHeard < limits.readingTime + Self.pingInterval
        else {
            logger.debug("viewer does not read what it watches")
            return context.close(promise: nil)
        }
        guard now - lastPing >= Self.pingInterval else { return }
        lastPing = now
        send(.ping, ByteBuffer())
        context.flush()
    }

    func stop() {
        close(LiveFarewell(.stopping))
    }

    func abort() {
        context?.close(promise: nil)
    }
}
