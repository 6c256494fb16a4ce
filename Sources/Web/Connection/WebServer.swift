import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import RTSPTransport
import Reflector

/// Serves HTTP on its ports, each connection on an event loop of its group.
package final class WebServer: Sendable {
    private let ports: [WebPort]
    private let limits: WebLimits
    private let serverName: String
    private let group: any EventLoopGroup
    private let clock: StreamClock
    private let logger: Logger
    private let responder: WebResponder
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

    /// `limits` hold for all ports together.
    package init(
        ports: [WebPort], limits: WebLimits = WebLimits(), serverName: String = "Heliograph/0.1",
        group: any EventLoopGroup, clock: StreamClock, logger: Logger, responder: @escaping WebResponder
    ) {
        self.ports = ports
        self.limits = limits
        self.serverName = serverName
        self.group = group
        self.clock = clock
        self.logger = logger
        self.responder = responder
        census = AddressCensus(limits: limits.connections)
    }

    /// Where it listens, in the order of its ports, with those the kernel chose; empty before `start()` and after `shutdown()`.
    package var addresses: [SocketAddress] { listening.compactMap(\.localAddress) }

    /// What was seen so far.
    package var counters: ListenerCounters { tally.snapshot }

    private var listening: [any Channel] {
        state.withLockedValue { state in
            guard case .listening(let channels, _) = state else { return [] }
            return channels
        }
    }

    /// Binds and begins to accept; throws `RTSPListenerError` when an address cannot be had. To be called once.
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
            guard !wasStopped else { return await Self.close(channels) }
            for (port, channel) in zip(ports, channels) {
                logger.info(
                    port.certificate == nil ? "listening for HTTP" : "listening for HTTPS",
                    metadata: ["address": "\(channel.localAddress?.brief ?? "unknown")"])
            }
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

    /// Stops accepting; answers under way go out, and within `bound` all is closed.
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

    private func makeSeats() async throws -> [LoopSeat] {
        let interval = limits.connections.sweepInterval
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
        return ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.maxMessagesPerRead, value: 64)
            .deadPeersNoticed()
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            // One read holds few requests: what comes pipelined waits in the kernel.
            .childChannelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 1024, maximum: 4096)
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

    /// Counts an accepted connection and gives it its handlers, or throws, which closes it.
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
        let environment = WebEnvironment(
            limits: limits, serverName: serverName, responder: responder, tally: tally, siblings: connections.value,
            clock: clock, logger: logger)
        let pipeline = channel.pipeline.syncOperations
        if let certificate { try pipeline.addHandler(certificate.makeHandler()) }
        let meter = ByteMeter(headLimit: limits.headBytes)
        var heads = NIOHTTPDecoderLimitConfiguration()
        heads.maxHeaderFieldSize = limits.headBytes
        heads.maxHeaderListSize = limits.headBytes
        heads.maxHeaderFieldCount = limits.headFields
        try pipeline.addHandlers([
            meter,
            HTTPResponseEncoder(),
            ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: heads)),
            WebConnection(
                environment: environment, meter: meter, isSecure: certificate != nil, at: .now()),
        ])
    }
}
