import Logging
import NIOCore
import RTSP

/// Listens for RTSP connections and serves each on an event loop of its group.
package final class RTSPListener: Sendable {
    private let acceptor: ConnectionAcceptor
    private let tunnels: TunnelBook
    private let logger: Logger

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
        self.logger = logger
        let tunnels = TunnelBook(limits: configuration.limits)
        self.tunnels = tunnels
        var ports = [ListeningPort(host: configuration.host, port: configuration.port)]
        if let secure {
            ports.append(ListeningPort(host: secure.host, port: secure.port, certificate: secure.certificate))
        }
        let middleware = RTSPMiddlewareChain(middleware)
        acceptor = ConnectionAcceptor(
            ports: ports, limits: configuration.limits, group: group, logger: logger,
            options: { bootstrap in
                bootstrap.childChannelOption(
                    .recvAllocator,
                    value: AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 512, maximum: 65_536))
            },
            furnish: { accepted in
                let environment = ConnectionEnvironment(
                    limits: configuration.limits,
                    serverName: configuration.serverName,
                    middleware: middleware,
                    makeResponder: makeResponder,
                    datagrams: datagrams,
                    tally: accepted.tally,
                    siblings: accepted.siblings,
                    tunnels: tunnels,
                    logger: logger
                )
                try accepted.speakRTSP(environment)
            })
    }

    /// Where it listens, with the port the kernel chose; nil before `start()` and after `shutdown()`.
    package var localAddress: SocketAddress? { acceptor.addresses.first }

    /// Where it listens for TLS; nil where it does not.
    package var secureAddress: SocketAddress? { acceptor.addresses.dropFirst().first }

    /// What was seen so far.
    package var counters: ListenerCounters { acceptor.counters }

    /// Networks that have a connection open now.
    var connectedNetworks: Int { acceptor.connectedNetworks }

    /// HTTP tunnels, and halves of them, that are open now.
    var openTunnels: Int { tunnels.count }

    /// Binds and begins to accept; throws `RTSPListenerError` when the address cannot be had. To be called once.
    package func start() async throws {
        try await acceptor.start()
        if let localAddress { logger.info("listening", metadata: ["address": "\(localAddress.brief)"]) }
        if let secureAddress { logger.info("listening for TLS", metadata: ["address": "\(secureAddress.brief)"]) }
    }

    /// Returns when it accepts no more: after `shutdown()`, or if the kernel took a listening socket away.
    package func closed() async {
        await acceptor.closed()
    }

    /// Stops accepting, lets responders say goodbye and answers in flight go out; within `bound` all is closed.
    package func shutdown(within bound: TimeAmount = .seconds(2)) async {
        await acceptor.shutdown(within: bound)
    }
}

extension AcceptedConnection {
    fileprivate func speakRTSP(_ environment: ConnectionEnvironment) throws {
        var environment = environment
        if let certificate {
            environment.entrance = .pipeline
            // Media outside of it would give away what TLS hides.
            environment.keepsMedia = true
            let patience = ServerHandshakePatience(
                environment.limits.requestTime, tally: tally, logger: environment.logger)
            try channel.pipeline.syncOperations.addHandlers([certificate.makeHandler(), patience])
        }
        try channel.pipeline.syncOperations.addHandler(ConnectionDoor(environment: environment))
    }
}
