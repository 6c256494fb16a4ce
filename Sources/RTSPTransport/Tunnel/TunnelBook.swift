import NIOConcurrencyHelpers
import NIOCore
import RTSP

/// The tunnels of one listener. GET and POST of a client are connections of their own, and may be on different loops.
final class TunnelBook: Sendable {
    typealias Ledger = TunnelLedger<TunnelEnd<TunnelGetHandler>, TunnelEnd<TunnelPostHandler>>

    private let ledger: NIOLockedValueBox<Ledger>

    init(limits: ConnectionLimits) {
        ledger = NIOLockedValueBox(
            Ledger(mostWaiting: limits.tunnelHalves, mostWaitingPerNetwork: limits.tunnelHalvesPerAddress)
        )
    }

    func getArrived(
        _ get: TunnelEnd<TunnelGetHandler>, _ key: TunnelKey
    ) throws(TunnelRefusal) -> TunnelEnd<TunnelPostHandler>? {
        try ledger.withLockedValue { ledger in
            Result { () throws(TunnelRefusal) in try ledger.getArrived(get, key) }
        }.get()
    }

    func getEnded(_ key: TunnelKey) -> Bool {
        ledger.withLockedValue { $0.getEnded(key) }
    }

    func postArrived(
        _ post: TunnelEnd<TunnelPostHandler>, _ key: TunnelKey
    ) throws(TunnelRefusal) -> Ledger.PostArrival {
        try ledger.withLockedValue { ledger in
            Result { () throws(TunnelRefusal) in try ledger.postArrived(post, key) }
        }.get()
    }

    func postLeft(_ key: TunnelKey, ticket: UInt64) {
        ledger.withLockedValue { $0.postLeft(key, ticket: ticket) }
    }

    /// Tunnels, and halves of them.
    var count: Int { ledger.withLockedValue { $0.count } }
}

/// One half of a tunnel, as the other half reaches it from any loop.
struct TunnelEnd<Handler>: Sendable {
    let eventLoop: any EventLoop
    private let handler: NIOLoopBound<Handler>

    init(_ handler: Handler, on eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        self.handler = NIOLoopBound(handler, eventLoop: eventLoop)
    }

    /// At once on its own loop, one hop from any other; in the order of the calls from either.
    func perform(_ body: @escaping @Sendable (Handler) -> Void) {
        if eventLoop.inEventLoop {
            body(handler.value)
        } else {
            eventLoop.execute { [handler] in body(handler.value) }
        }
    }
}
