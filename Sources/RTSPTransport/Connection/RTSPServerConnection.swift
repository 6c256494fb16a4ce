import Logging
import NIOCore
import RTSP

/// One accepted RTSP connection: parser, pipeline and responder on the connection's loop (RFC 2326 §9.1, §12.17).
///
/// What an idle connection does not need (responder, context, logger metadata) is made at its first request.
final class RTSPServerConnection: ChannelInboundHandler, OpenConnection {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let environment: ConnectionEnvironment
    let control = ConnectionControl()
    var channel: (any Channel)?
    var writer: InterleavedWriter?
    var pipeline: RequestPipeline
    var patience: ConnectionPatience
    var phase = Phase.reading

    private var parser: RTSPMessageParser
    private var unread: ByteBuffer?
    private var responder: (any RTSPResponder)?
    private var requestContext: RTSPRequestContext?
    private var requestsWithoutSession = 0
    private var isProcessing = false
    /// It goes on when others of its loop have been looked after.
    private var isYielding = false
    private var parserNeedsBytes = false
    private var tookFrames = false
    /// The pipeline is full: the peer's next bytes stay in the kernel.
    private(set) var isReadingPaused = false
    private var wasOpen = false

    /// `reading` → `finishing` → `lingering` → `closed`; each may go to `closed` at once.
    enum Phase {
        /// Requests are read and answered.
        case reading
        /// Nothing more is read; what is queued goes out, then the connection ends.
        case finishing
        /// Our side is shut; the peer may read what it was sent before the kernel forgets the connection.
        case lingering
        /// The responder has heard of the end.
        case closed
    }

    init(environment: ConnectionEnvironment) {
        self.environment = environment
        pipeline = RequestPipeline(limits: environment.limits)
        patience = ConnectionPatience(limits: environment.limits, at: .now())
        parser = RTSPMessageParser(limits: environment.limits.message)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { opened(context.channel) }
    }

    func channelActive(context: ChannelHandlerContext) {
        opened(context.channel)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended(on: context.eventLoop)
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        ended(on: context.eventLoop)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A reset or a broken pipe: channelInactive tells the responder.
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .reading = phase else { return }
        let bytes = Self.unwrapInboundIn(data)
        if unread?.writeImmutableBuffer(bytes) == nil { unread = bytes }
        process()
    }

    private func opened(_ channel: any Channel) {
        guard !wasOpen else { return }
        wasOpen = true
        self.channel = channel
        let writer = InterleavedWriter(channel: channel, entrance: environment.entrance)
        writer.open()
        writer.onAnswersTaken = { [weak self] in self?.process() }
        self.writer = writer
        control.onClose = { [weak self] in self?.finishBehindAnswer() }
        control.onLastSessionEnded = { [weak self] in self?.lastSessionEnded() }
        environment.siblings.opened(self)
    }

    private func ended(on eventLoop: any EventLoop) {
        if case .closed = phase { return }
        phase = .closed
        let isWithinWrite = writer?.isWriting ?? false
        writer?.close()
        environment.siblings.closed(self)
        control.onClose = nil
        control.onLastSessionEnded = nil
        unread = nil
        channel = nil
        guard let responder else { return }
        self.responder = nil
        requestContext = nil
        // Noticed within a write of the responder's own: it must not be called in the midst of it.
        if isWithinWrite {
            eventLoop.assumeIsolated().execute { responder.connectionClosed() }
        } else {
            responder.connectionClosed()
        }
    }

    /// Requests that are answered in one go: whoever sends thousands at once does not hold up the others of the loop.
    private static let turn = 32

    /// Parses what there is room for, and answers in order, until neither goes on or it is the turn of others.
    func process() {
        guard !isProcessing else { return }
        isProcessing = true
        var rest = Self.turn
        repeat {
            parse()
            while rest > 0, case .reading = phase, let item = pipeline.next() {
                rest -= 1
                perform(item)
            }
        } while rest > 0 && canParse && unread != nil && !parserNeedsBytes
        isProcessing = false
        if rest == 0 { yield() }
        if tookFrames {
            tookFrames = false
            responder?.readEnded()
        }
        readingPaused(isYielding || !hasRoom)
    }

    private func yield() {
        guard !isYielding, case .reading = phase, let channel else { return }
        isYielding = true
        channel.eventLoop.assumeIsolated().execute { [weak self] in
            self?.isYielding = false
            self?.process()
        }
    }

    private var hasRoom: Bool {
        pipeline.hasRoom && (writer?.queuedAnswerBytes ?? 0) < environment.limits.unreadAnswerBytes
    }

    private var canParse: Bool {
        if case .reading = phase { hasRoom } else { false }
    }

    private func parse() {
        parserNeedsBytes = false
        guard var bytes = unread else { return }
        unread = nil
        while canParse {
            do {
                guard let message = try parser.next(&bytes) else {
                    parserNeedsBytes = true
                    break
                }
                take(message)
            } catch {
                malformed(error)
            }
        }
        guard case .reading = phase, bytes.readableBytes > 0 else {
            patience.readEnded(withinRequest: false, at: .now())
            return
        }
        let isFrame = bytes.getInteger(at: bytes.readerIndex, as: UInt8.self) == UInt8(ascii: "$")
        patience.readEnded(withinRequest: !isFrame, at: .now())
        unread = bytes.trimmed
    }

    private func take(_ message: RTSPMessage) {
        switch message {
        case .interleaved(let frame):
            tookFrames = true
            responder?.received(frame)
        case .request(let request):
            patience.requestCompleted(at: .now())
            environment.tally.count(\.requests)
            pipeline.arrived(item(for: request))
        case .response:
            // We ask nothing of viewers: an answer is a stray.
            break
        }
    }

    /// What the connection itself has to say to a request, or the request.
    private func item(for request: RTSPRequest) -> RequestPipeline.Item {
        if request.version.hasPrefix("HTTP/") {
            environment.tally.count(\.foreignProtocol)
            return .lastWords(
                ByteBuffer(string: "HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            )
        }
        let cSeq = request.headers["CSeq"]
        // Before all else: what is wrong with a request must not make it free.
        if control.sessions == 0 {
            requestsWithoutSession += 1
            guard requestsWithoutSession <= environment.limits.requestsWithoutSession else {
                environment.tally.count(\.tooManyRequests)
                let status = RTSPStatus(code: 403, reason: "Too Many Requests Without A Session")
                return .refusal(RTSPResponse(status, cSeq: cSeq), ends: true)
            }
        }
        guard request.version == "RTSP/1.0" else {
            return .refusal(RTSPResponse(.versionNotSupported, cSeq: cSeq), ends: false)
        }
        guard let cSeq, !cSeq.isEmpty else { return .refusal(RTSPResponse(.badRequest), ends: false) }
        return .request(request)
    }

    /// A viewer that goes from camera to camera begins anew with each.
    private func lastSessionEnded() {
        requestsWithoutSession = 0
        patience.wasActive(at: .now())
    }

    private func malformed(_ error: RTSPParsingError) {
        environment.tally.count(\.malformed)
        pipeline.arrived(.refusal(RTSPResponse(error.status, cSeq: error.cSeq), ends: true))
    }

    private func perform(_ item: RequestPipeline.Item) {
        switch item {
        case .refusal(let response, let ends):
            answer(RTSPReply(response, closesConnection: ends))
        case .lastWords(let bytes):
            writer?.answer(bytes)
            finish()
        case .request(let request):
            guard let context = contextOfRequests() else { return abort() }
            let responder = responder ?? environment.makeResponder(context)
            self.responder = responder
            let isLast = request.asksToClose
            let cSeq = request.headers["CSeq"]
            let future = environment.middleware.respond(to: request, context: context, responder: responder)
            future.assumeIsolated().whenComplete { result in
                var reply: RTSPReply
                switch result {
                case .success(let success): reply = success
                case .failure(let error):
                    context.logger.warning("request failed", metadata: ["error": "\(error)"])
                    reply = RTSPReply(.internalServerError)
                }
                reply.response.headers["CSeq"] = cSeq
                reply.closesConnection = reply.closesConnection || isLast
                self.answer(reply)
            }
        }
    }

    private func answer(_ reply: RTSPReply) {
        switch phase {
        case .reading, .finishing: break
        case .lingering, .closed: return
        }
        guard let writer, let channel else { return }
        var response = reply.response
        if response.headers["Server"] == nil { response.headers.add("Server", environment.serverName) }
        if reply.closesConnection { response.headers["Connection"] = "close" }
        var bytes = channel.allocator.buffer(capacity: 256 + response.body.readableBytes)
        response.write(into: &bytes)
        pipeline.answered()
        patience.wasActive(at: .now())
        writer.answer(bytes)
        reply.written?()
        if reply.closesConnection || phase == .finishing {
            finish()
        } else {
            process()
        }
    }

    private func contextOfRequests() -> RTSPRequestContext? {
        if let requestContext { return requestContext }
        guard let channel, let writer, let peer = channel.remoteAddress, let local = channel.localAddress else {
            return nil
        }
        var logger = environment.logger
        logger[metadataKey: "peer"] = "\(peer.unmapped.brief)"
        let context = RTSPRequestContext(
            peer: peer.unmapped,
            local: local.unmapped,
            eventLoop: channel.eventLoop,
            logger: logger,
            writer: writer,
            datagrams: environment.datagrams?.pair(for: channel.eventLoop),
            keepsMedia: environment.keepsMedia,
            control: control
        )
        requestContext = context
        return context
    }

    /// Full house: the peer's next bytes stay in the kernel until an answer has made room.
    private func readingPaused(_ paused: Bool) {
        guard case .reading = phase, paused != isReadingPaused, let channel else { return }
        isReadingPaused = paused
        _ = try? channel.syncOptions?.setOption(.autoRead, value: !paused)
        // A tunnel's way down passes it on to the way up, where the bytes come from.
        if !paused { channel.read() }
    }

    /// Says goodbye for a server that stops, then finishes.
    func stop() {
        responder?.connectionWillClose()
        finishBehindAnswer()
    }

    /// Lets go of what was not read, and reads on only to see the peer's end.
    func stopParsing() {
        unread = nil
        guard isReadingPaused else { return }
        isReadingPaused = false
        _ = try? channel?.syncOptions?.setOption(.autoRead, value: true)
    }
}
