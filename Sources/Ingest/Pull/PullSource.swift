import Logging
import NIOCore
import RTSP
import RTSPTransport
import Reflector

/// What became of one pull.
package struct PullOutcome: Sendable {
    /// Why it ended.
    package var error: PullError
    /// For how long packets came; `nil` if none ever did.
    package var livedFor: TimeAmount?
    /// What was learnt about the camera, for the next pull.
    package var transport: TransportChoice
    /// Of all its sessions together.
    package var counters: IngestCounters
}

/// One pull of one camera into its stream: connects, plays, and receives until it ends (quirk E17: one session at a
/// time, each torn down before the next).
///
/// One-shot; redirections and a change of transport are followed within it, each on a connection of its own.
package struct PullSource: Sendable {
    /// Redirections followed before the camera is given up.
    private static let mostRedirections = 3

    private let stream: any PublishingPlace
    private let configuration: PullConfiguration
    private let transport: TransportChoice
    private let limiter: ConnectLimiter
    private let patience: PullPatience
    private let logger: Logger
    private let monitor: PullMonitor

    /// `transport` is what the pull before came to know, or a new choice of the configured policy.
    package init(
        stream: any PublishingPlace,
        configuration: PullConfiguration,
        transport: TransportChoice,
        limiter: ConnectLimiter,
        patience: PullPatience = PullPatience(),
        logger: Logger
    ) {
        self.init(
            stream: stream,
            configuration: configuration,
            transport: transport,
            limiter: limiter,
            patience: patience,
            logger: logger,
            monitor: PullMonitor(eventLoop: stream.homeLoop)
        )
    }

    init(
        stream: any PublishingPlace,
        configuration: PullConfiguration,
        transport: TransportChoice,
        limiter: ConnectLimiter,
        patience: PullPatience,
        logger: Logger,
        monitor: PullMonitor
    ) {
        self.stream = stream
        self.configuration = configuration
        self.transport = transport
        self.limiter = limiter
        self.patience = patience
        self.logger = logger
        self.monitor = monitor
    }

    /// Returns when the camera is gone, or the task is cancelled: then the session has been torn down.
    package func run() async -> PullOutcome {
        var transport = self.transport
        var counters = IngestCounters()
        func outcome(_ error: PullError, _ livedFor: TimeAmount? = nil) -> PullOutcome {
            PullOutcome(error: error, livedFor: livedFor, transport: transport, counters: counters)
        }
        guard var url = RTSPURL(configuration.url) else { return outcome(.unusableURL) }
        if let username = configuration.username {
            url.credentials = Credentials(username: username, password: configuration.password?.reveal() ?? "")
        }
        var redirections = 0
        var tls = ClientTLS(trust: configuration.trust)
        while true {
            if let carrier = configuration.transport.carrier, url.scheme.carrier == .direct {
                url.scheme = url.scheme.through(carrier)
            }
            // A tunnel is one way for all, and beside TLS datagrams would go for all to read.
            let isBound = url.scheme.isSecure || url.scheme.carrier != .direct
            if url.scheme.isSecure { tls.prepare() }
            let end = await converse(at: url, tls, over: isBound ? nil : transport)
            counters = counters + end.counters
            if end.livedFor != nil { transport.worked() }
            guard !Task.isCancelled else { return outcome(.cancelled, end.livedFor) }
            switch end.error {
            case .connection(.redirected(let target)):
                redirections += 1
                guard redirections <= Self.mostRedirections else { return outcome(.tooManyRedirections, end.livedFor) }
                logger.info("redirected", metadata: ["host": "\(target.host)"])
                url = target
            case .connection(.insecure(.broken)) where tls.mayHideName(from: url):
                logger.info("trying TLS without the camera's name", metadata: ["reason": "\(end.error)"])
                tls.tellsName = false
            case .silent where !isBound, .connection(.conversation(.transportRefused)) where !isBound:
                guard transport.failed() else { return outcome(end.error, end.livedFor) }
                logger.notice(
                    "transport changed",
                    metadata: [
                        "transport": "\(transport.current == .udp ? "udp" : "tcp")", "reason": "\(end.error)",
                    ]
                )
            default:
                return outcome(end.error, end.livedFor)
            }
        }
    }

    /// Interleaved where there is no `transport` to choose.
    private func converse(
        at url: RTSPURL,
        _ tls: ClientTLS,
        over transport: TransportChoice?
    ) async -> PullSession.End {
        let request = PullSession.Request(
            url: url,
            tls: tls,
            webSocketPath: configuration.webSocketPath,
            transport: transport?.current ?? .tcp,
            isMulticast: transport?.isMulticast ?? false,
            keepalive: configuration.keepalive.machine,
            timeout: configuration.timeout,
            patience: patience
        )
        let nothing = PullSession.End(error: .cancelled, livedFor: nil, counters: IngestCounters())
        do {
            let session = try await limiter.connecting { () -> NIOLoopBound<PullSession> in
                let (session, connected) = try await stream.homeLoop.submit {
                    let session = PullSession(stream: stream, request: request, logger: logger, monitor: monitor)
                    return (NIOLoopBound(session, eventLoop: stream.homeLoop), session.start())
                }.get()
                await withTaskCancellationHandler {
                    try? await connected.get()
                } onCancel: {
                    stream.homeLoop.execute { session.value.stop() }
                }
                return session
            }
            return try await withTaskCancellationHandler {
                try await stream.homeLoop.flatSubmit { session.value.ended }.get()
            } onCancel: {
                stream.homeLoop.execute { session.value.stop() }
            }
        } catch {
            return nothing
        }
    }
}

extension PullKeepalive {
    fileprivate var machine: PlayClientKeepalive {
        switch self {
        case .auto: .automatic
        case .options: .options
        case .getParameter: .getParameter
        case .none: .never
        }
    }
}

extension PullTransport {
    /// What the scheme of a URL would say too; `nil` leaves it to the URL.
    fileprivate var carrier: RTSPCarrier? {
        switch self {
        case .tcp, .udp, .auto, .multicast: nil
        case .http: .httpTunnel
        case .websocket: .webSocket
        }
    }
}
