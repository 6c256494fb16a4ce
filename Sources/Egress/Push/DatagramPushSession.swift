import Logging
import NIOCore
import RTSPTransport
import Reflector

/// A stream on its way to an address, from the first packet to the goodbye (confined to the stream's home loop).
final class DatagramPushSession {
    /// The stream is closed or came back as something else, or `end()` was called.
    var ended: EventLoopFuture<Void> { promise.futureResult }
    private let promise: EventLoopPromise<Void>
    private let sockets: DatagramSocketPair
    private let delivery: StreamDelivery
    private let monitor: PushMonitor
    private let logger: Logger
    private var hasEnded = false

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
            logger.info("push started", metadata: ["tracks": "\(routes.count)"])
            return NIOLoopBound(session, eventLoop: loop)
        }.flatMapErrorThrowing { error in
            session.streamEnded()
            throw error
        }.nonisolated()
    }

    /// Tells the monitor what was sent.
    func count() {
        if !hasEnded { monitor.counted(delivery.counters) }
    }

    /// Says goodbye to whoever listens; idempotent.
    func end() {
        guard !hasEnded else { return }
        delivery.end(goodbye: true)
        streamEnded()
    }

    private func streamEnded() {
        guard !hasEnded else { return }
        hasEnded = true
        let counters = delivery.counters
        monitor.sessionEnded(counters)
        if counters.packets > 0 {
            logger.info("push ended", metadata: ["packets": "\(counters.packets)", "bytes": "\(counters.bytes)"])
        }
        sockets.close()
        promise.succeed()
    }
}
