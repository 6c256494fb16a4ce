import Egress
import HLS
import Logging
import NIOCore
import RTSPTransport
import Reflector
import Web

extension SecurePort {
    init?(_ address: ListenAddress?, _ certificate: ServedCertificate?) {
        guard let address, let certificate else { return nil }
        self.init(host: address.host, port: Int(address.port), certificate: certificate.current)
    }
}

extension WebServer {
    /// `nil` where neither HTTP nor HTTPS is to be served.
    convenience init?(
        _ configuration: RelayConfiguration, showing certificate: ServedCertificate?, movies: MovieService?,
        hls: HLSService?, live: LiveService?, directory: StreamDirectory, rtspPort: Int?, group: any EventLoopGroup,
        accessLog: AccessLog?, logger: Logger
    ) {
        let listen = configuration.listen
        var ports: [ListeningPort] = []
        if let http = listen.http { ports.append(ListeningPort(host: http.host, port: Int(http.port))) }
        if let https = listen.https, let certificate {
            ports.append(ListeningPort(host: https.host, port: Int(https.port), certificate: certificate.current))
        }
        guard !ports.isEmpty else { return nil }
        let router = WebRouter(
            origin: configuration.web.origin, movies: movies?.catalog,
            onDemand: movies.map { OnDemandService(configuration: configuration.hls, submit: $0.segments.submit) },
            hls: hls.map { WebRouter.HLS(atHand: $0.atHand, resource: $0.resource) },
            snapshots: SnapshotService(
                directory: directory, clock: .system, threads: .pictures,
                whenDown: configuration.web.snapshotWhenDown
            ).snapshot,
            live: live,
            pages: PageResponder(
                board: FleetBoard(
                    now: StreamClock.system.now,
                    Fleet(configuration.cameras, in: directory, hls: hls, live: live).statuses),
                rtspPort: rtspPort, exists: { directory.stream(at: $0) != nil }))
        self.init(
            ports: ports, limits: WebLimits(configuration.limits), group: group, clock: .system,
            accessLog: accessLog, logger: logger,
            responder: WebResponder(atHand: router.answerAtHand, respond: router.respond))
    }
}

extension WebLimits {
    fileprivate init(_ limits: LimitsConfiguration) {
        self.init()
        connections.connectionsPerAddress = limits.connectionsPerAddress
        connections.requestTime = limits.requestTimeout
        connections.idleTime = limits.idleTimeout
        readingTime = limits.sessionTimeout
    }
}

extension RTSPListenerConfiguration {
    init(_ configuration: RelayConfiguration) {
        self.init(host: configuration.listen.rtsp.host, port: Int(configuration.listen.rtsp.port))
        limits.connectionsPerAddress = configuration.limits.connectionsPerAddress
        limits.requestsWithoutSession = configuration.limits.requestsBeforeSession
        limits.requestTime = configuration.limits.requestTimeout
        limits.idleTime = configuration.limits.idleTimeout
    }
}

extension ListenerCounters {
    /// What was refused or cut, by reason, as far as there was any.
    func turnedAway(since earlier: ListenerCounters) -> Logger.Metadata {
        let reasons: [(String, KeyPath<ListenerCounters, Int>)] = [
            ("too_many_from_address", \.refusedByAddress), ("too_many", \.refusedByTotal), ("malformed", \.malformed),
            ("http", \.foreignProtocol), ("slow", \.slowRequests), ("idle", \.idle),
            ("failed_handshakes", \.failedHandshakes),
            ("requests_without_session", \.tooManyRequests), ("tunnels_refused", \.tunnelsRefused),
            ("tunnel_halves", \.tunnelsUnpaired), ("accept_errors", \.acceptErrors),
        ]
        var metadata: Logger.Metadata = [:]
        for (name, counter) in reasons where self[keyPath: counter] != earlier[keyPath: counter] {
            metadata[name] = "\(self[keyPath: counter] - earlier[keyPath: counter])"
        }
        return metadata
    }
}
