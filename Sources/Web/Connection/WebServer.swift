import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import RTSPTransport
import Reflector

/// Serves HTTP on its ports, each connection on an event loop of its group.
package final class WebServer: Sendable {
    private let ports: [ListeningPort]
    private let acceptor: ConnectionAcceptor
    private let logger: Logger

    /// `limits` hold for all ports together.
    package init(
        ports: [ListeningPort], limits: WebLimits = WebLimits(), serverName: String = "Heliograph/0.1",
        group: any EventLoopGroup, clock: StreamClock, accessLog: AccessLog? = nil, logger: Logger,
        responder: WebResponder
    ) {
        self.ports = ports
        self.logger = logger
        acceptor = ConnectionAcceptor(
            ports: ports, limits: limits.connections, group: group, logger: logger, options: Self.options,
            furnish: { accepted in
                let environment = WebEnvironment(
                    limits: limits, serverName: serverName, responder: responder, tally: accepted.tally,
                    siblings: accepted.siblings, clock: clock, accessLog: accessLog, logger: logger)
                try accepted.speakHTTP(environment)
            })
    }

    /// Where it listens, in the order of its ports, with those the kernel chose; empty before `start()` and after `shutdown()`.
    package var addresses: [SocketAddress] { acceptor.addresses }

    /// What was seen so far.
    package var counters: ListenerCounters { acceptor.counters }

    /// Binds and begins to accept; throws `RTSPListenerError` when an address cannot be had. To be called once.
    package func start() async throws {
        try await acceptor.start()
        for (port, address) in zip(ports, addresses) {
            logger.info(
                port.certificate == nil ? "listening for HTTP" : "listening for HTTPS",
                metadata: ["address": "\(address.brief)"])
        }
    }

    /// Returns when one of its ports accepts no more: after `shutdown()`, or if the kernel took a listening socket away.
    package func closed() async {
        await acceptor.closed()
    }

    /// Stops accepting; answers under way go out, and within `bound` all is closed.
    package func shutdown(within bound: TimeAmount) async {
        await acceptor.shutdown(within: bound)
    }

    @Sendable private static func options(_ bootstrap: ServerBootstrap) -> ServerBootstrap {
        bootstrap
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            // One read holds few requests: what comes pipelined waits in the kernel.
            .childChannelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 1024, maximum: 4096))
    }
}

extension AcceptedConnection {
    fileprivate func speakHTTP(_ environment: WebEnvironment) throws {
        let limits = environment.limits
        let pipeline = channel.pipeline.syncOperations
        if let certificate { try pipeline.addHandler(certificate.makeHandler()) }
        let meter = ByteMeter(headLimit: limits.headBytes)
        if certificate != nil {
            let pacing = SecurePacing()
            try pipeline.addHandler(pacing)
            meter.pacing = pacing
        }
        var heads = NIOHTTPDecoderLimitConfiguration()
        heads.maxHeaderFieldSize = limits.headBytes
        heads.maxHeaderListSize = limits.headBytes
        heads.maxHeaderFieldCount = limits.headFields
        try pipeline.addHandlers([
            meter,
            HTTPResponseEncoder(),
            ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: heads)),
            WebConnection(environment: environment, meter: meter, isSecure: certificate != nil, at: .now()),
        ])
    }
}
