import Logging
import NIOCore
import NIOHTTP1
import NIOTLS
import RTSPTransport
import Reflector

/// Tells what requests are answered.
package struct WebResponder: Sendable {
    /// What can be answered without waiting and without work, asked on event loops first; `nil` for all else.
    let atHand: @Sendable (WebRequest) -> WebResponse?
    /// On any thread.
    let respond: @Sendable (WebRequest) async -> WebResponse

    package init(
        atHand: @escaping @Sendable (WebRequest) -> WebResponse? = { _ in nil },
        respond: @escaping @Sendable (WebRequest) async -> WebResponse
    ) {
        self.atHand = atHand
        self.respond = respond
    }
}

/// What every connection of one loop shares.
struct WebEnvironment {
    let limits: WebLimits
    let serverName: String
    let responder: WebResponder
    let tally: ListenerTally
    let siblings: LoopConnections
    let clock: StreamClock
    /// `nil` where nobody keeps one.
    let accessLog: AccessLog?
    let logger: Logger
}

/// One connection of a viewer over HTTP/1: requests are answered one after another, in their order (loop-confined).
///
/// NIOHTTP1 makes messages of the bytes; here is what it leaves open: who may go on, how long anything may take, and how much may wait.
final class WebConnection: ChannelDuplexHandler, RemovableChannelHandler, OpenConnection {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// What has come and waits for its answer.
    enum Question {
        case request(HTTPRequestHead, WebTarget)
        /// Nothing can be read behind it; its head is `nil` where it is no HTTP.
        case refused(HTTPResponseStatus, HTTPRequestHead?)
    }

    /// `reading` → `draining` → `closing`; all end with the channel.
    private enum Phase {
        case reading
        /// The last request is there; its answer is not.
        case draining
        /// All is said: what the peer still sends is thrown away, for closing on it could take back our last words.
        case closing
    }

    let environment: WebEnvironment
    let meter: ByteMeter
    var context: ChannelHandlerContext?
    var answering: Answering?
    private(set) var logger: Logger
    private var phase = Phase.reading
    private var waiting: [Question] = []
    private var lastNumber: UInt64 = 0
    private var patience: ConnectionPatience
    private let opened: NIODeadline
    /// Of the peer, without a port.
    private(set) var address = ""
    /// What is written goes through TLS.
    let isSecure: Bool
    /// `false` until TLS stands.
    private var isSecured: Bool
    private var hasFailed = false
    private var isReadHeld = false
    /// One answer in each turn of the loop is had at once; who asks more waits for it as for any other.
    var hasTakenItsTurn = false
    private var stall = StallWatch()

    init(environment: WebEnvironment, meter: ByteMeter, isSecure: Bool, at now: NIODeadline) {
        self.environment = environment
        self.meter = meter
        logger = environment.logger
        self.isSecure = isSecure
        isSecured = !isSecure
        opened = now
        patience = ConnectionPatience(limits: environment.limits.connections, at: now)
        meter.overflowed = { [unowned self] in refuse(.requestHeaderFieldsTooLarge, nil) }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let peer = context.channel.remoteAddress?.unmapped
        logger[metadataKey: "peer"] = "\(peer?.brief ?? "unknown")"
        address = peer?.ipAddress ?? ""
        environment.siblings.opened(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        watched()
        if let answering { note(answering, left: meter.leftBehind) }
        answering?.task?.cancel()
        answering?.download?.leave()
        answering = nil
        waiting = []
        meter.overflowed = {}
        environment.siblings.closed(self)
    }

    // MARK: Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let head) = unwrapInboundIn(data), case .reading = phase else { return }
        meter.headBytes = 0
        patience.requestCompleted(at: .now())
        environment.tally.count(\.requests)
        if let status = head.refusal { return refuse(status, head) }
        // `*` is all of the server, which has no content (RFC 9112 §3.2.4).
        guard let target = WebTarget(parsing: head.uri), head.uri != "*" || head.method == .OPTIONS else {
            return refuse(.badRequest, head)
        }
        waiting.append(.request(head, target))
        // Behind a request to speak another protocol nothing is read as HTTP, though it is answered as HTTP.
        if !head.isKeepAlive || head.headers.contains(name: "Upgrade") { hearNoMore() }
        answerNext()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        hasTakenItsTurn = false
        patience.readEnded(withinRequest: meter.headBytes > 0, at: .now())
        context.fireChannelReadComplete()
    }

    /// Nothing is read ahead of more than a few requests.
    func read(context: ChannelHandlerContext) {
        if waiting.count >= environment.limits.pipelinedRequests {
            isReadHeld = true
        } else {
            context.read()
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            if case .closing = phase { return context.close(promise: nil) }
            hearNoMore()
            // Who asked before it hung up one way is answered.
            if answering == nil, waiting.isEmpty { context.close(promise: nil) }
        case TLSUserEvent.handshakeCompleted:
            isSecured = true
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else {
            handshakeFailed()
            return context.close(promise: nil)
        }
        if case .headerOverflow = error {
            refuse(.requestHeaderFieldsTooLarge, nil)
        } else {
            refuse(.badRequest, nil)
        }
    }

    /// Counted once, though closing may fail as well.
    private func handshakeFailed() {
        guard !isSecured, !hasFailed else { return }
        hasFailed = true
        environment.tally.count(\.failedHandshakes)
    }

    /// Has the peer told, behind the answers to what it asked before, and then it is over.
    private func refuse(_ status: HTTPResponseStatus, _ head: HTTPRequestHead?) {
        guard case .reading = phase else { return }
        environment.tally.count(\.malformed)
        hearNoMore()
        waiting.append(.refused(status, head))
        answerNext()
    }

    /// What comes from now on is not read.
    func hearNoMore() {
        guard case .reading = phase else { return }
        phase = .draining
        meter.isDeaf = true
    }

    // MARK: Answering

    /// Whether the peer may ask on after the request that is answered.
    var goesOn: Bool {
        if case .reading = phase { true } else { !waiting.isEmpty }
    }

    func nextNumber() -> UInt64 {
        lastNumber += 1
        return lastNumber
    }

    private func answerNext() {
        guard answering == nil, !waiting.isEmpty else { return }
        switch waiting.removeFirst() {
        case .request(let head, let target): answer(head, target)
        case .refused(let status, let head): refused(status, head)
        }
    }

    /// An answer is out.
    func answered() {
        if let answering { note(answering, left: 0) }
        answering = nil
        patience.wasActive(at: .now())
        guard goesOn else { return sayNoMore() }
        answerNext()
        guard isReadHeld, waiting.count < environment.limits.pipelinedRequests else { return }
        isReadHeld = false
        context?.read()
    }

    private func sayNoMore() {
        if case .closing = phase { return }
        hearNoMore()
        phase = .closing
        patience.closingBegan(at: .now())
        guard let context else { return }
        if isReadHeld { context.read() }
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenFailure { [weak self] _ in self?.context?.close(promise: nil) }
        context.close(mode: .output, promise: promise)
    }

    // MARK: OpenConnection

    func sweep(at now: NIODeadline) {
        guard let context else { return }
        let limits = environment.limits
        guard isSecured else {
            guard now - opened >= limits.connections.requestTime else { return }
            handshakeFailed()
            return context.close(promise: nil)
        }
        if stall.isStalled(context.channel, meter, at: now, for: limits.readingTime) {
            logger.debug("viewer does not read its answer")
            return context.close(promise: nil)
        }
        switch patience.verdict(at: now, hasSession: false, isBusy: answering != nil) {
        case .fine: break
        case .closingTooSlow: context.close(promise: nil)
        case .idle:
            environment.tally.count(\.idle)
            context.close(promise: nil)
        case .requestTooSlow:
            environment.tally.count(\.slowRequests)
            hearNoMore()
            waiting.append(.refused(.requestTimeout, nil))
            answerNext()
        }
    }

    func stop() {
        hearNoMore()
        waiting = []
        guard answering == nil else { return }
        // Of who never asked, no last words can be lost.
        if lastNumber == 0 { abort() } else { sayNoMore() }
    }

    func abort() {
        context?.close(promise: nil)
    }
}

extension HTTPRequestHead {
    /// Why it cannot be answered as it is; `nil` where it can.
    fileprivate var refusal: HTTPResponseStatus? {
        guard version.major == 1 else { return .httpVersionNotSupported }
        // RFC 9112 §3.2: exactly one. Two readers of two names is how requests are smuggled.
        let hosts = headers["Host"].count
        guard hosts == 1 || (hosts == 0 && version.minor == 0) else { return .badRequest }
        // Nothing that is served takes a body.
        let lengths = headers["Content-Length"]
        if headers.contains(name: "Transfer-Encoding") || lengths.contains(where: { $0 != "0" }) {
            return .payloadTooLarge
        }
        return nil
    }
}
