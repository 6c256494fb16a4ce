import Logging
import NIOCore
import RTSPTransport
import Reflector

/// A stream on its way to an address, from the first packet to the goodbye (confined to the stream's home loop).
final class DatagramPushSession {
    /// How it ended.
    struct Outcome: Sendable {
        /// `nil` where the stream is closed or came back as something else, or `end()` was called.
        var error: PushError?
        /// The kernel took something.
        var hasSent: Bool
        /// `move()` was called.
        var hasMoved = false
    }

    /// Comes once, and never fails.
    var ended: EventLoopFuture<Outcome> { promise.futureResult }
    private let promise: EventLoopPromise<Outcome>
    private let sockets: DatagramSocketPair
    private let delivery: StreamDelivery
    private let monitor: PushMonitor
    private let logger: Logger
    private var hasEnded = false
    private var health = DatagramHealth()
    private var hasSent = false
    private var hasMoved = false

    private init(
        delivery: StreamDelivery, sockets: DatagramSocketPair, on eventLoop: any EventLoop, monitor: PushMonitor,
        logger: Logger
    ) {
        self.delivery = delivery
        self.sockets = sockets
        self.monitor = monitor
        self.logger = logger
        promise = eventLoop.makePromise()
    }

    /// Sends the tracks that have ports, from the group of pictures so far on. Fails with `StreamError` where the stream has other
    /// tracks by now, or is closed.
    static func begin(
        of stream: Stream, _ tracks: [StreamTrack], to address: SocketAddress, _ target: DatagramPushTarget,
        over sockets: DatagramSocketPair, monitor: PushMonitor, logger: Logger
    ) -> EventLoopFuture<NIOLoopBound<DatagramPushSession>> {
        var routes: [Int: DeliveryRoute] = [:]
        for track in tracks {
            guard let port = target.port(of: track.index) else { continue }
            routes[track.index] = .datagrams(rtp: address.at(port), rtcp: address.at(port + 1))
        }
        let loop = stream.homeLoop
        let delivery = StreamDelivery(
            stream: stream, tracks: tracks, routes: routes, writer: nil, datagrams: .shared(sockets), eventLoop: loop)
        let session = DatagramPushSession(
            delivery: delivery, sockets: sockets, on: loop, monitor: monitor, logger: logger)
        delivery.onEnd = { [weak session] in session?.streamEnded() }
        return delivery.prepare().assumeIsolated().map { _ in
            delivery.begin()
            monitor.connected(to: address.ipAddress ?? "")
            return NIOLoopBound(session, eventLoop: loop)
        }.flatMapErrorThrowing { error in
            session.streamEnded()
            throw error
        }.nonisolated()
    }

    /// Tells the monitor what was sent, and ends where the kernel refuses everything: the address or the interface may be another now.
    func count() {
        guard !hasEnded else { return }
        let counters = sockets.counters
        monitor.counted(delivery.counters, refused: counters.failed)
        if counters.sent > 0 { started() }
        guard let code = health.looked(at: counters) else { return }
        delivery.end(goodbye: false)
        ended(because: .cannotSend(reason: DatagramHealth.reason(code)))
    }

    /// Says goodbye to whoever listens; idempotent.
    func end() {
        guard !hasEnded else { return }
        delivery.end(goodbye: true)
        streamEnded()
    }

    /// The same, for it goes on at another address at once.
    func move() {
        guard !hasEnded else { return }
        hasMoved = true
        end()
    }

    /// The kernel has taken packets: nothing is live before.
    private func started() {
        guard !hasSent else { return }
        hasSent = true
        monitor.entered(.live)
        logger.info("push started")
    }

    private func streamEnded() {
        ended(because: nil)
    }

    private func ended(because error: PushError?) {
        guard !hasEnded else { return }
        hasEnded = true
        let counters = delivery.counters
        let refused = sockets.counters.failed
        monitor.sessionEnded(counters, refused: refused)
        if sockets.counters.sent > 0 {
            logger.info(
                "push ended",
                metadata: ["packets": "\(counters.packets)", "bytes": "\(counters.bytes)", "failed": "\(refused)"])
        }
        promise.succeed(Outcome(error: error, hasSent: sockets.counters.sent > 0, hasMoved: hasMoved))
        sockets.close()
    }
}
