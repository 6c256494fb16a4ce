import NIOCore
import RTSPTransport

/// A movie on its way to an address or a group (loop-confined).
final class DatagramBroadcast {
    private static let look = TimeAmount.seconds(1)

    private let broadcast: MovieBroadcast
    private let sockets: DatagramSocketPair
    private let watch: MovieBroadcaster.Watcher
    private let eventLoop: any EventLoop
    private let promise: EventLoopPromise<BroadcastError?>
    private var health = DatagramHealth()

    /// Each track goes to ports of its own.
    init(
        _ broadcaster: MovieBroadcaster, to address: SocketAddress, _ target: DatagramPushTarget,
        over sockets: DatagramSocketPair
    ) {
        var routes: [Int: MovieRoute] = [:]
        for track in broadcaster.program.tracks.indices {
            guard let port = target.port(of: track), let rtp = sockets.destination(of: address.at(port)),
                let rtcp = sockets.destination(of: address.at(port + 1))
            else { continue }
            routes[track] = .datagrams(rtp: rtp, rtcp: rtcp, sockets)
        }
        broadcast = broadcaster.broadcast(over: routes)
        self.sockets = sockets
        watch = broadcaster.watch
        eventLoop = broadcaster.eventLoop
        promise = eventLoop.makePromise()
    }

    /// Comes once, and never fails.
    var ended: EventLoopFuture<BroadcastError?> { promise.futureResult }

    func start() {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let timer = eventLoop.scheduleRepeatedTask(initialDelay: Self.look, delay: Self.look) { _ in
            bound.value.looked()
        }
        broadcast.ended.assumeIsolated().whenSuccess { error in
            timer.cancel()
            self.told()
            let counters = self.sockets.counters
            // A short movie is over before anybody looks.
            let isRefused = counters.sent == 0 && counters.failed > 0
            let refusal = isRefused ? DatagramHealth.reason(counters.lastFailure) : nil
            self.sockets.close()
            self.promise.succeed(error ?? refusal.map { .push(.cannotSend(reason: $0)) })
        }
        broadcast.start()
    }

    func stop() {
        broadcast.stop()
    }

    private func looked() {
        told()
        guard let code = health.looked(at: sockets.counters) else { return }
        broadcast.end(because: .push(.cannotSend(reason: DatagramHealth.reason(code))))
    }

    private func told() {
        var progress = broadcast.progress
        progress.refused = sockets.counters.failed
        watch(progress)
    }
}
