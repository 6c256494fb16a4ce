import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import RTSP

/// Listens for RTSP connections and serves each on an event loop of its group.
package final class RTSPListener: Sendable {
    private let configuration: RTSPListenerConfiguration
    private let secure: SecurePort?
    private let group: any EventLoopGroup
    private let middleware: RTSPMiddlewareChain
    private let makeResponder: @Sendable (RTSPRequestContext) -> any RTSPResponder
    private let datagrams: DatagramSocketPool?
    private let logger: Logger
    private let tally = ListenerTally()
    private let census: AddressCensus
    private let tunnels: TunnelBook
    private let state = NIOLockedValueBox(State.idle)

    /// `idle` → `starting` → `listening` → `stopped`; never again.
    private enum State {
        case idle
        case starting
        case listening(Ports, [LoopSeat])
        case stopped
    }

    private struct Ports: Sendable {
        var plain: any Channel
        var secure: (any Channel)?

        var all: [any Channel] { [plain] + [secure].compactMap(\.self) }

        func close() async {
            for port in all { try? await port.close() }
        }
    }

    /// The connections of one loop.
    private struct LoopSeat: Sendable {
        let eventLoop: any EventLoop
        let connections: NIOLoopBound<LoopConnections>
    }

    /// `makeResponder` is called on the connection's loop, at its first request; `datagrams` belongs to the same group.
    /// What `configuration` grants holds for both ports together.
    package init(
        configuration: RTSPListenerConfiguration,
        secure: SecurePort? = nil,
        group: any EventLoopGroup,
        middleware: [any RTSPMiddleware] = [],
        datagrams: DatagramSocketPool? = nil,
        logger: Logger = Logger(label: "heliograph.rtsp"),
        makeResponder: @escaping @Sendable (RTSPRequestContext) -> any RTSPResponder
    ) {
        self.configuration = configuration
        self.secure = secure
        self.group = group
        self.middleware = RTSPMiddlewareChain(middleware)
        self.makeResponder = makeResponder
        self.datagrams = datagrams
        self.logger = logger
        census = AddressCensus(limits: configuration.limits)
        tunnels = TunnelBook(limits: configuration.limits)
    }

    /// Where it listens, with the port the kernel chose; nil before `start()` and after `shutdown()`.
    package var localAddress: SocketAddress? { ports?.plain.localAddress }

    /// Where it listens for TLS; nil where it does not.
    package var secureAddress: SocketAddress? { ports?.secure?.localAddress }

    private var ports: Ports? {
        state.withLockedValue { state in
            guard case .listening(let ports, _) = state else { return nil }
            return ports
        }
    }

    /// What was seen so far.
    package var counters: ListenerCounters { tally.snapshot }

    /// Networks that have a connection open now.
    var connectedNetworks: Int { census.networks }

    /// HTTP tunnels, and halves of them, that are open now.
    var openTunnels: Int { tunnels.count }

    /// Binds and begins to accept; throws `RTSPListenerError` when the address cannot be had. To be called once.
    package func start() async throws {
        let isFirst = state.withLockedValue { state in
            guard case .idle = state else { return false }
            state = .starting
            return true
        }
        guard isFirst else { throw RTSPListenerError.alreadyStarted }
        do {
            let seats = try await makeSeats()
            let ports = try await bind(seats)
            let wasStopped = state.withLockedValue { state in
                guard case .starting = state else { return true }
                state = .listening(ports, seats)
                return false
            }
            guard !wasStopped else { return await ports.close() }
            logger.info("listening", metadata: ["address": "\(ports.plain.localAddress?.brief ?? "unknown")"])
            if let secure = ports.secure {
                logger.info("listening for TLS", metadata: ["address": "\(secure.localAddress?.brief ?? "unknown")"])
            }
        } catch {
            state.withLockedValue { $0 = .stopped }
            throw error
        }
    }

    /// Returns when it accepts no more: after `shutdown()`, or if the kernel took a listening socket away.
    package func closed() async {
        guard let ports else { return }
        let promise = ports.plain.eventLoop.makePromise(of: Void.self)
        for port in ports.all { port.closeFuture.cascade(to: promise) }
        try? await promise.futureResult.get()
    }

    /// Stops accepting, lets responders say goodbye and answers in flight go out; within `bound` all is closed.
    package func shutdown(within bound: TimeAmount = .seconds(2)) async {
        let last = state.withLockedValue { state in
            let last = state
            state = .stopped
            return last
        }
        guard case .listening(let ports, let seats) = last else { return }
        await ports.close()
        await withTaskGroup(of: Void.self) { tasks in
            for seat in seats {
                tasks.addTask { await Self.stop(seat, within: bound) }
            }
        }
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

    private func makeSeats() async throws -> [LoopSeat] {
        let interval = configuration.limits.sweepInterval
        var seats: [LoopSeat] = []
        for eventLoop in group.makeIterator() {
            let seat = eventLoop.submit {
                let connections = LoopConnections(eventLoop: eventLoop, sweepInterval: interval)
                return LoopSeat(
                    eventLoop: eventLoop,
                    connections: NIOLoopBound(connections, eventLoop: eventLoop)
                )
            }
            seats.append(try await seat.get())
        }
        return seats
    }

    private func bind(_ seats: [LoopSeat]) async throws -> Ports {
        let plain = try await bootstrap(seats, certificate: nil).listen(on: configuration.host, configuration.port)
        guard let secure else { return Ports(plain: plain) }
        do {
            let bootstrap = bootstrap(seats, certificate: secure.certificate)
            return Ports(plain: plain, secure: try await bootstrap.listen(on: secure.host, secure.port))
        } catch {
            try? await plain.close()
            throw error
        }
    }

    private func bootstrap(_ seats: [LoopSeat], certificate: CurrentCertificate?) -> ServerBootstrap {
        let byLoop = Dictionary(uniqueKeysWithValues: seats.map { (ObjectIdentifier($0.eventLoop), $0.connections) })
        let (tally, logger) = (tally, logger)
        return ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.maxMessagesPerRead, value: 64)
            .deadPeersNoticed()
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 512, maximum: 65_536)
            )
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
    }

    /// Counts an accepted connection and gives it its handler, or throws, which closes it.
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
        var environment = ConnectionEnvironment(
            limits: configuration.limits,
            serverName: configuration.serverName,
            middleware: middleware,
            makeResponder: makeResponder,
            datagrams: datagrams,
            tally: tally,
            siblings: connections.value,
            tunnels: tunnels,
            logger: logger
        )
        if let certificate {
            environment.entrance = .pipeline
            // Media outside of it would give away what TLS hides.
            environment.keepsMedia = true
            let patience = ServerHandshakePatience(configuration.limits.requestTime, tally: tally, logger: logger)
            try channel.pipeline.syncOperations.addHandlers([certificate.makeHandler(), patience])
        }
        try channel.pipeline.syncOperations.addHandler(ConnectionDoor(environment: environment))
    }
}
