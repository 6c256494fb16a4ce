import NIOCore
import RTSP

/// How far a client's connection is.
enum ClientPhase<End: ClientEnd> {
    case idle
    case connecting
    case talking
    /// TEARDOWN is under way; the end is told when it is answered.
    case leaving(End)
    case ended

    var isConnecting: Bool { if case .connecting = self { true } else { false } }

    var isTalking: Bool { if case .talking = self { true } else { false } }
}

/// How a client's connection may end, whatever flows over it.
protocol ClientEnd: Sendable {
    associatedtype Failure: ClientFailure
    /// The server wants to be asked elsewhere.
    static func redirected(_ url: RTSPURL) -> Self
    static func conversation(_ error: Failure) -> Self
    /// UDP ports could not be opened.
    static func noPorts(reason: String) -> Self
    /// The server asks again and again, and does not read the answers.
    static var deaf: Self { get }
}

extension RTSPClientEnd: ClientEnd {}
extension RTSPRecordEnd: ClientEnd {}

/// The two sockets of one track.
protocol ClientPorts {
    var ports: PortPair { get }
    /// On the address that the connection has.
    static func open(on local: SocketAddress, eventLoop: any EventLoop) -> EventLoopFuture<NIOLoopBound<Self>>
    func close()
}

extension UDPPortPair: ClientPorts {}
extension DatagramSocketPair: ClientPorts {}

/// One connection to a server, and what is said on it: asking, waiting for the answer, keeping alive, leaving. Confined to its loop.
protocol ClientConversation: AnyObject {
    associatedtype End: ClientEnd
    associatedtype Ports: ClientPorts

    var eventLoop: any EventLoop { get }
    var patience: RTSPClientConnection.Patience { get }
    /// `nil` before there is a connection and when it is gone.
    var channel: (any Channel)? { get }
    var phase: ClientPhase<End> { get set }
    var answerTimer: Scheduled<Void>? { get set }
    var keepaliveTimer: RepeatedTask? { get set }
    /// Those that SETUP asks with, in the order of the tracks.
    var pairs: [Ports] { get set }

    /// Behind everything that was written before.
    func write(_ message: ByteBuffer)
    /// The server leaves too much unread.
    var isDeaf: Bool { get }

    // What the machine decides.
    func timedOut() -> ClientTimeoutResult<End.Failure>
    func keepaliveDue() -> RTSPRequest?
    func portsOpened(_ ports: [PortPair]) -> RTSPRequest?
    func stopRequested() -> ClientStopResult

    /// Closes everything and tells the end; called once.
    func close(_ end: End)
}

extension ClientConversation {
    func act(on result: ServerRequestResult<End.Failure>) {
        switch result {
        case .respond(let response): answer(response)
        case .redirected(let url, let response):
            answer(response)
            leave(.redirected(url))
        case .ended(let error, let response):
            answer(response)
            leave(.conversation(error))
        }
    }

    // MARK: Talking

    func ask(_ request: RTSPRequest) {
        guard let channel else { return }
        var bytes = channel.allocator.buffer(capacity: 512 + request.body.readableBytes)
        request.write(into: &bytes)
        write(bytes)
        // Answers to keepalives are not waited for (quirk F5); TEARDOWN has a timer of its own.
        guard keepaliveTimer == nil, phase.isTalking else { return }
        answerTimer?.cancel()
        answerTimer = eventLoop.assumeIsolated().scheduleTask(in: patience.answer) { self.answerMissing() }
    }

    private func answer(_ response: RTSPResponse) {
        guard let channel else { return }
        // What a peer does not read is kept in memory: one that asks and asks is not to fill it.
        guard !isDeaf else { return finish(.deaf) }
        var bytes = channel.allocator.buffer(capacity: 256)
        response.write(into: &bytes)
        write(bytes)
    }

    private func answerMissing() {
        guard phase.isTalking else { return }
        switch timedOut() {
        case .ignored: break
        case .send(let request): ask(request)
        case .ended(let error): leave(.conversation(error))
        }
    }

    func startKeepalive(every interval: TimeAmount?) {
        guard let interval else { return }
        // Without the type in it, which not every compiler takes for Sendable.
        let bound = NIOLoopBound<any ClientConversation>(self, eventLoop: eventLoop)
        keepaliveTimer = eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
            let connection = bound.value
            guard let request = connection.keepaliveDue() else { return }
            connection.ask(request)
        }
    }

    /// Opens so many pairs, and asks with them.
    func openPorts(_ count: Int) {
        guard let local = channel?.localAddress else { return }
        answerTimer?.cancel()
        let opening = (0..<count).map { _ in Ports.open(on: local, eventLoop: eventLoop) }
        // Each by itself, so that none stays open unseen when another fails.
        for future in opening {
            future.assumeIsolated().whenSuccess { pair in
                guard self.phase.isTalking else { return pair.value.close() }
                self.pairs.append(pair.value)
            }
        }
        EventLoopFuture.andAllSucceed(opening, on: eventLoop).assumeIsolated().whenComplete { result in
            guard self.phase.isTalking else { return }
            switch result {
            case .failure(let error): self.leave(.noPorts(reason: "\(error)"))
            case .success:
                guard let setup = self.portsOpened(self.pairs.map(\.ports)) else { return }
                self.ask(setup)
            }
        }
    }

    // MARK: Leaving

    /// TEARDOWN if there is a session, then the end.
    func leave(_ end: End) {
        switch phase {
        case .idle, .connecting:
            finish(end)
        case .talking:
            cancelTimers()
            guard let channel, channel.isActive else { return finish(end) }
            switch stopRequested() {
            case .close:
                finish(end)
            case .tearDown(let request):
                phase = .leaving(end)
                // Before it is asked: within that the connection may end.
                answerTimer = eventLoop.assumeIsolated().scheduleTask(in: patience.tearDown) { self.finish(end) }
                ask(request)
            }
        case .leaving, .ended:
            break
        }
    }

    /// Closes everything and tells the end, once.
    func finish(_ end: End) {
        if case .ended = phase { return }
        phase = .ended
        cancelTimers()
        close(end)
    }

    private func cancelTimers() {
        answerTimer?.cancel()
        answerTimer = nil
        keepaliveTimer?.cancel()
        keepaliveTimer = nil
    }
}
