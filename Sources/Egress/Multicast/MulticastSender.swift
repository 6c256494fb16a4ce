import Logging
import NIOCore
import RTSPTransport
import Reflector

/// Sends one stream to its group for all who play it by multicast: one subscriber of the stream, whatever their number.
///
/// Confined to the stream's home loop. All tracks go out while anybody plays any of them, for the group is one. Who comes
/// first has the stream begin with its group of pictures; who comes later joins what runs, as nothing can be sent to the
/// group for him alone.
final class MulticastSender {
    /// A viewer who joins what runs, until each of his tracks has shown its next packet.
    fileprivate struct Joining {
        let promise: EventLoopPromise<PlayStart>
        let tracks: Set<Int>
        let timer: Scheduled<Void>
        var start = PlayStart()
    }

    /// PLAY is answered without the RTP-Info of a track that shows no packet for so long.
    private static let joiningPatience = TimeAmount.milliseconds(500)

    /// As the first viewer knew them.
    let tracks: [StreamTrack]
    let stream: Stream
    let group: SocketAddress
    let configuration: MulticastConfiguration
    let logger: Logger
    private let onEnd: () -> Void
    private let mayComplain: () -> Bool
    let look: TimeAmount
    var machine = MulticastSenderStateMachine()
    private var claims: [Int: NIOLoopBound<MulticastClaim>] = [:]
    private var waiting: [Int: EventLoopPromise<PlayStart>] = [:]
    private var joining: [Int: Joining] = [:]
    var isOpening = false
    var sockets: DatagramSocketPair?
    var delivery: StreamDelivery?
    /// Times that the sockets were opened anew while packets flowed.
    var replacements = 0
    var looking: Scheduled<Void>?
    var health = DatagramHealth()
    /// The refusal that was said, until something is sent again.
    var complaint: CInt?
    /// Of deliveries before this one.
    var past = (sent: DeliveryCounters(), failed: 0)

    /// `onEnd` is called once, when the group is silent for good; `mayComplain` tells whether sockets that do not open are to be logged,
    /// and `look` is how often the kernel is asked whether it takes what is sent.
    init(
        of stream: Stream, tracks: [StreamTrack], to group: SocketAddress, configuration: MulticastConfiguration,
        logger: Logger, mayComplain: @escaping () -> Bool = { true }, look: TimeAmount = .seconds(1),
        onEnd: @escaping () -> Void
    ) {
        self.stream = stream
        self.tracks = tracks
        self.group = group
        self.configuration = configuration
        var logger = logger
        logger[metadataKey: "stream"] = "\(stream.path)"
        logger[metadataKey: "group"] = "\(group.ipAddress ?? "")"
        self.logger = logger
        self.onEnd = onEnd
        self.mayComplain = mayComplain
        self.look = look
    }

    /// Nobody plays: tracks that the stream has no more can be forgotten.
    /// So can those that are not yet asked for, as the sockets are not open.
    var isIdle: Bool { machine.isSilent || delivery == nil }

    // MARK: The viewers

    /// PLAY: tells where the viewer's tracks begin. Fails where the stream or the sockets do not come, and where the viewer pauses or
    /// leaves meanwhile.
    func play(_ viewer: Int, claim: NIOLoopBound<MulticastClaim>, tracks: Set<Int>) -> EventLoopFuture<PlayStart> {
        claims[viewer] = claim
        switch machine.playReceived(from: viewer) {
        case .prepare:
            defer { prepare() }
            return wait(viewer)
        case .wait:
            return wait(viewer)
        case .answer(let start):
            return stream.homeLoop.makeSucceededFuture(start)
        case .joinRunning:
            return join(viewer, tracks)
        case .refuse:
            return stream.homeLoop.makeFailedFuture(StreamError.closed(stream.path))
        }
    }

    /// A viewer's PLAY is answered.
    func playAnswered() {
        guard machine.playAnswered() == .begin else { return }
        logger.info("multicast begins", metadata: ["ttl": "\(configuration.sending.ttl)"])
        delivery?.begin()
    }

    func pause(_ viewer: Int) {
        stopped(viewer, machine.pauseReceived(from: viewer))
    }

    func leave(_ viewer: Int) {
        claims[viewer] = nil
        stopped(viewer, machine.left(viewer))
    }

    /// The stream is over for everybody here.
    func end() {
        guard case .end(let viewers) = machine.streamEnded() else { return }
        let claims = claims
        finish()
        // Behind the answers to those who wait, which are on their way to other loops.
        stream.homeLoop.execute {
            for viewer in viewers.sorted() { claims[viewer]?.tellStreamEnded() }
        }
    }

    private func wait(_ viewer: Int) -> EventLoopFuture<PlayStart> {
        let promise = stream.homeLoop.makePromise(of: PlayStart.self)
        waiting[viewer] = promise
        return promise.futureResult
    }

    private func join(_ viewer: Int, _ tracks: Set<Int>) -> EventLoopFuture<PlayStart> {
        let promise = stream.homeLoop.makePromise(of: PlayStart.self)
        let timer = stream.homeLoop.assumeIsolated().scheduleTask(in: Self.joiningPatience) { self.joined(viewer) }
        joining[viewer] = Joining(promise: promise, tracks: tracks, timer: timer)
        return promise.futureResult
    }

    private func stopped(_ viewer: Int, _ result: MulticastSenderStateMachine.StopResult) {
        let closed = StreamError.closed(stream.path)
        waiting.removeValue(forKey: viewer)?.fail(closed)
        if let joining = joining.removeValue(forKey: viewer) {
            joining.timer.cancel()
            joining.promise.fail(closed)
        }
        switch result {
        case .nothing: break
        case .pause: delivery?.pause()
        case .end: finish()
        }
    }

    // MARK: The stream

    private func prepare() {
        if let delivery { return ask(delivery) }
        guard !isOpening else { return }
        isOpening = true
        openSockets { result in
            self.isOpening = false
            switch result {
            case .success(let sockets): self.opened(sockets.value)
            case .failure(let error):
                if self.mayComplain() {
                    self.logger.error("cannot send multicast", metadata: ["reason": "\(error)"])
                }
                self.refuse(error)
            }
        }
    }

    func ask(_ delivery: StreamDelivery) {
        delivery.prepare().assumeIsolated().whenComplete { result in
            switch result {
            case .success(let start):
                guard self.machine.prepared(start) == .answer else { return }
                for promise in self.takeWaiting() { promise.succeed(start) }
            case .failure(let error): self.refuse(error)
            }
        }
    }

    private func refuse(_ error: any Error) {
        guard machine.failed() == .refuse else { return }
        for promise in takeWaiting() { promise.fail(error) }
    }

    private func takeWaiting() -> [EventLoopPromise<PlayStart>] {
        defer { waiting = [:] }
        return Array(waiting.values)
    }

    func sent(_ burst: Burst) {
        guard !joining.isEmpty else { return }
        let start = PlayStart(burst, of: tracks)
        for viewer in joining.keys {
            joining[viewer]?.start.tracks.merge(start.tracks) { first, _ in first }
            if joining[viewer]?.isComplete ?? false { joined(viewer) }
        }
    }

    private func joined(_ viewer: Int) {
        guard let joined = joining.removeValue(forKey: viewer) else { return }
        joined.timer.cancel()
        joined.promise.succeed(joined.start)
    }

    private func finish() {
        looking?.cancel()
        looking = nil
        // Others may listen whom nobody here knows: those who opened a description as a file.
        retire(goodbye: true)
        if past.sent.packets > 0 {
            let metadata: Logger.Metadata = [
                "packets": "\(past.sent.packets)", "bytes": "\(past.sent.bytes)", "failed": "\(past.failed)",
            ]
            logger.info("multicast ended", metadata: metadata)
        }
        claims = [:]
        let closed = StreamError.closed(stream.path)
        for promise in takeWaiting() { promise.fail(closed) }
        for viewer in Array(joining.keys) {
            let joining = joining.removeValue(forKey: viewer)
            joining?.timer.cancel()
            joining?.promise.fail(closed)
        }
        onEnd()
    }
}

extension MulticastSender.Joining {
    fileprivate var isComplete: Bool { tracks.allSatisfy { start.tracks[$0] != nil } }
}
