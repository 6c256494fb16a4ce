import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A TCP port that connections are accepted on.
package struct ListeningPort: Sendable {
    /// The address to listen on; nil = every address of the machine, IPv6 and IPv4.
    package var host: String?
    /// 0 = one the kernel chooses.
    package var port: Int
    /// What peers are shown; `nil` where the port is without TLS.
    package var certificate: CurrentCertificate?

    package init(host: String? = nil, port: Int, certificate: CurrentCertificate? = nil) {
        self.host = host
        self.port = port
        self.certificate = certificate
    }
}

/// A connection that was let in, on its event loop.
package struct AcceptedConnection {
    package let channel: any Channel
    /// The others of its loop, which it is to join.
    package let siblings: LoopConnections
    /// What the peer is to be shown; `nil` where its port is without TLS.
    package let certificate: ServerCertificate?
    /// What is counted of it goes here.
    package let tally: ListenerTally
}

/// Accepts connections, each on an event loop of its group, counts them, and lets in as many as the limits grant.
///
/// What they speak is its owner's: it gives each that was let in its handlers.
package final class ConnectionAcceptor: Sendable {
    /// Gives a connection its handlers, or throws, which closes it.
    package typealias Furnishing = @Sendable (AcceptedConnection) throws -> Void

    private let ports: [ListeningPort]
    private let limits: ConnectionLimits
    private let group: any EventLoopGroup
    private let logger: Logger
    private let options: @Sendable (ServerBootstrap) -> ServerBootstrap
    private let furnish: Furnishing
    private let tally = ListenerTally()
    private let census: AddressCensus
    private let state = NIOLockedValueBox(State.idle)

    /// `idle` → `starting` → `listening` → `stopped`; never again.
    private enum State {
        case idle
        case starting
        case listening([any Channel], [LoopSeat])
        case stopped
    }

    /// The connections of one loop.
    private struct LoopSeat: Sendable {
        let eventLoop: any EventLoop
        let connections: NIOLoopBound<LoopConnections>
    }

    /// `limits` hold for all ports together; `options` sets what sockets are to be like beyond what all of them are.
    package init(
        ports: [ListeningPort], limits: ConnectionLimits, group: any EventLoopGroup, logger: Logger,
        options: @escaping @Sendable (ServerBootstrap) -> ServerBootstrap, furnish: @escaping Furnishing
    ) {
        self.ports = ports
        self.limits = limits
        self.group = group
        self.logger = logger
        self.options = options
        self.furnish = furnish
        census = AddressCensus(limits: limits)
    }

    /// Where it listens, in the order of its ports, with those the kernel chose; empty before `start()` and after `shutdown()`.
    package var addresses: [SocketAddress] { listening.compactMap(\.localAddress) }

    /// What was seen so far.
    package var counters: ListenerCounters { tally.snapshot }

    /// Networks that have a connection open now.
    var connectedNetworks: Int { census.networks }

    private var listening: [any Channel] {
        state.withLockedValue { state in
            guard case .listening(let channels, _) = state else { return [] }
            return channels
        }
    }

    /// Binds all ports or none, and begins to accept; throws `RTSPListenerError` when an address cannot be had. To be called once.
    package func start() async throws {
        let isFirst = state.withLockedValue { state in
            guard case .idle = state else { return false }
            state = .starting
            return true
        }
        guard isFirst else { throw RTSPListenerError.alreadyStarted }
        do {
            let seats = try await makeSeats()
            let channels = try await bind(seats)
            let wasStopped = state.withLockedValue { state in
                guard case .starting = state else { return true }
                state = .listening(channels, seats)
                return false
            }
            if wasStopped { await Self.close(channels) }
        } catch {
            state.withLockedValue { $0 = .stopped }
            throw error
        }
    }

    /// Returns when one of its ports accepts no more: after `shutdown()`, or if the kernel took a listening socket away.
    package func closed() async {
        let channels = listening
        guard let first = channels.first else { return }
        let promise = first.eventLoop.makePromise(of: Void.self)
        for channel in channels { channel.closeFuture.cascade(to: promise) }
        try? await promise.futureResult.get()
    }

    /// Stops accepting, lets connections say goodbye, and closes within `bound` what is left.
    package func shutdown(within bound: TimeAmount) async {
        let last = state.withLockedValue { state in
            let last = state
            state = .stopped
            return last
        }
        guard case .listening(let channels, let seats) = last else { return }
        await Self.close(channels)
        await withTaskGroup(of: Void.self) { tasks in
            for seat in seats {
                tasks.addTask { await Self.stop(seat, within: bound) }
            }
        }
    }

    private static func close(_ channels: [any Channel]) async {
        for channel in channels { try? await channel.close() }
    }

    private static func stop(_ seat: LoopSeat, within bound: TimeAmount) async {
        let emptied = seat.eventLoop.flatSubmit {
            let connections = seat.connections.value
            let abort = seat.eventLoop.scheduleTask(in: bound) { seat.connections.value.abort() }
            let emptied = connections.stop()
            emptied.whenComplete { _ in abort.cancel() }
            return emptied
        }
        // It has no way to fail.
        try? await emptied.get()
    }

    // MARK: Beginning

    private func makeSeats() async throws -> [LoopSeat] {
        let interval = limits.sweepInterval
        var seats: [LoopSeat] = []
        for eventLoop in group.makeIterator() {
            let seat = eventLoop.submit {
                let connections = LoopConnections(eventLoop: eventLoop, sweepInterval: interval)
                return LoopSeat(
                    eventLoop: eventLoop, connections: NIOLoopBound(connections, eventLoop: eventLoop))
            }
            seats.append(try await seat.get())
        }
        return seats
    }

    private func bind(_ seats: [LoopSeat]) async throws -> [any Channel] {
        var channels: [any Channel] = []
        for port in ports {
            do {
                channels.append(try await bootstrap(seats, port.certificate).listen(on: port.host, port.port))
            } catch {
                await Self.close(channels)
                throw error
            }
        }
        return channels
    }

    private func bootstrap(_ seats: [LoopSeat], _ certificate: CurrentCertificate?) -> ServerBootstrap {
        let byLoop = Dictionary(uniqueKeysWithValues: seats.map { (ObjectIdentifier($0.eventLoop), $0.connections) })
        let (tally, logger) = (tally, logger)
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.maxMessagesPerRead, value: 64)
            .deadPeersNoticed()
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptErrorHandler(tally: tally, logger: logger))
                }
            }
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture {
                    try admit(channel, to: byLoop[ObjectIdentifier(channel.eventLoop)], showing: certificate?.value)
                }
            }
        return options(bootstrap)
    }

    // MARK: Letting in

    private func admit(
        _ channel: any Channel, to connections: NIOLoopBound<LoopConnections>?, showing certificate: ServerCertificate?
    ) throws {
        tally.count(\.accepted)
        guard let connections else { throw RTSPListenerError.foreignLoop }
        let network = Network(channel.remoteAddress)
        switch census.arrived(from: network) {
        case .admitted: break
        case .tooManyFromAddress:
            tally.count(\.refusedByAddress)
            throw RTSPListenerError.tooManyConnections
        case .tooMany:
            tally.count(\.refusedByTotal)
            throw RTSPListenerError.tooManyConnections
        }
        tally.count(\.open)
        channel.closeFuture.whenComplete { [census, tally] _ in
            census.left(network)
            tally.count(\.open, by: -1)
        }
        try furnish(
            AcceptedConnection(
                channel: channel, siblings: connections.value, certificate: certificate, tally: tally))
    }
}
