import Egress
import HLS
import Ingest
import Logging
import NIOCore
import NIOPosix
import RTSP
import RTSPTransport
import Reflector
import Web

/// A running relay: its streams, the sources that feed them, and the listener that serves them.
package final class Relay: Sendable {
    /// Every stream by its path.
    package let directory: StreamDirectory
    /// What the listener has seen.
    package var listenerCounters: ListenerCounters { listener.counters }
    /// Where RTSP is served, with the port that was chosen.
    package var rtspAddress: SocketAddress? { listener.localAddress }
    /// Where RTSP in TLS is served; `nil` where it is not.
    package var rtspsAddress: SocketAddress? { listener.secureAddress }
    /// Where HTTP is served; `nil` where it is not.
    package var httpAddress: SocketAddress? { configuration.listen.http.flatMap { _ in web?.addresses.first } }
    /// Where HTTPS is served; `nil` where it is not.
    package var httpsAddress: SocketAddress? { configuration.listen.https.flatMap { _ in web?.addresses.last } }
    private let configuration: RelayConfiguration
    private let group: MultiThreadedEventLoopGroup
    private let listener: RTSPListener
    private let web: WebServer?
    private let hls: HLSService?
    private let live: LiveService?
    private let datagrams: DatagramSocketPool
    private let publishing: PublishingPaths
    private let movies: MovieService?
    private let certificate: ServedCertificate?
    private let accessLog: AccessLogFile?
    private let logger: Logger

    private init(
        configuration: RelayConfiguration, directory: StreamDirectory, publishing: PublishingPaths,
        movies: MovieService?, group: MultiThreadedEventLoopGroup, listener: RTSPListener,
        web: WebServer?, hls: HLSService?, live: LiveService?, datagrams: DatagramSocketPool,
        certificate: ServedCertificate?, accessLog: AccessLogFile?, logger: Logger
    ) {
        self.configuration = configuration
        self.directory = directory
        self.publishing = publishing
        self.movies = movies
        self.group = group
        self.listener = listener
        self.web = web
        self.hls = hls
        self.live = live
        self.datagrams = datagrams
        self.certificate = certificate
        self.accessLog = accessLog
        self.logger = logger
    }

    /// Opens the ports and makes the streams; `runSources()` brings them to life. `loops` event loops carry everything.
    ///
    /// Throws `RTSPListenerError` and `DatagramPortsError` when a port cannot be had, `ListeningError` where the interface for multicast
    /// cannot, `CertificateFileError` where a certificate cannot, `AccessLogFile.Unwritable` where the access log cannot, `StreamError` for two
    /// streams on a path.
    package static func start(
        _ configuration: RelayConfiguration, loops: Int = AllowedProcessors.count, state: StateFolder = StateFolder(),
        logger: Logger
    ) async throws -> Relay {
        var certificate: ServedCertificate?
        if configuration.listen.isSecure {
            certificate = try ServedCertificate(configuration.certificate, state: state, logger: logger)
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: loops)
        do {
            return try await start(configuration, on: group, showing: certificate, logger: logger)
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    private static func start(
        _ configuration: RelayConfiguration, on group: MultiThreadedEventLoopGroup,
        showing certificate: ServedCertificate?, logger: Logger
    ) async throws -> Relay {
        let directory = StreamDirectory()
        for camera in configuration.cameras {
            for stream in camera.streams where !stream.source.isPrefix {
                guard let path = StreamPath(stream.path) else { continue }
                try directory.add(
                    Stream(
                        path: path, title: camera.title, homeLoop: group.next(), relay: directory.relay,
                        policy: stream.source.policy(configuration.limits),
                        clock: .system, logger: logger
                    )
                )
            }
        }
        let publishing = PublishingPaths(configuration, directory: directory, logger: logger)
        let groups = configuration.listen.multicast.map { MulticastGroups($0, logger: logger) }
        let rtp = configuration.listen.rtp
        let datagrams = try await DatagramSocketPool.start(
            group: group, host: configuration.listen.rtsp.host, ports: PortPair(rtp: rtp.rtp, rtcp: rtp.rtcp),
            logger: logger
        )
        let movies = configuration.media.map { MovieService($0, logger: logger) }
        let timeout = configuration.limits.sessionTimeout
        let play = PlayConfiguration(sessionTimeout: timeout)
        let methods = RTSPRouter.methods + AnnounceRouter.methods
        let listener = RTSPListener(
            configuration: RTSPListenerConfiguration(configuration),
            secure: SecurePort(configuration.listen.rtsps, certificate), group: group,
            middleware: [LoggingMiddleware()],
            datagrams: datagrams, logger: logger
        ) { context in
            ConnectionRouter(
                publishing: AnnounceRouter(paths: publishing, timeout: timeout, context: context),
                movies: movies.map { MovieRouter(catalog: $0.catalog, configuration: play, context: context) },
                viewing: RTSPRouter(
                    directory: directory, configuration: play, groups: groups, methods: methods, context: context)
            )
        }
        var hls: HLSService?
        var live: LiveService?
        var accessLog: AccessLogFile?
        if configuration.listen.http != nil || configuration.listen.https != nil {
            hls = HLSService(
                directory: directory, configuration: configuration.hls, clock: .system, logger: logger)
            live = LiveService(
                directory: directory, startTimeout: configuration.hls.startTimeout, clock: .system, logger: logger)
        }
        let web: WebServer?
        do {
            if hls != nil {
                accessLog = try configuration.web.accessLog.map { try AccessLogFile(path: $0, logger: logger) }
            }
            try await listener.start()
            web = WebServer(
                configuration, showing: certificate, movies: movies, hls: hls, live: live,
                directory: directory, rtspPort: listener.localAddress?.port, group: group,
                accessLog: accessLog?.log, logger: logger)
            try await web?.start()
        } catch {
            await hls?.close()
            await live?.close()
            await listener.shutdown()
            await datagrams.shutdown()
            await movies?.stop()
            await accessLog?.stop()
            throw error
        }
        return Relay(
            configuration: configuration, directory: directory, publishing: publishing, movies: movies, group: group,
            listener: listener, web: web, hls: hls, live: live, datagrams: datagrams,
            certificate: certificate, accessLog: accessLog, logger: logger
        )
    }

    /// Feeds every stream from its source, and pushes what is to be pushed; returns when all streams are closed or the task is cancelled.
    package func runSources() async {
        let limiter = ConnectLimiter(simultaneous: configuration.limits.simultaneousConnects)
        await withTaskGroup(of: Void.self) { tasks in
            // Paths below a prefix may come at any time, and movies are played as long as the server is there.
            if configuration.cameras.isEmpty
                || configuration.cameras.contains(where: { $0.streams.contains(where: \.source.isPrefix) })
            {
                tasks.addTask {
                    let (forever, continuation) = AsyncStream<Never>.makeStream()
                    for await _ in forever {}
                    continuation.finish()
                }
            }
            for camera in configuration.cameras {
                for configured in camera.streams {
                    guard let stream = StreamPath(configured.path).flatMap(directory.stream(at:)) else { continue }
                    var logger = logger
                    logger[metadataKey: "camera"] = "\(camera.name)"
                    let source = StreamSource(configured.source, stream: stream, limiter: limiter, logger: logger)
                    if let source { tasks.addTask { await source.run() } }
                }
            }
            addPushes(to: &tasks)
        }
    }

    /// Servers that are gone must not keep cameras waiting: their connects are paced by themselves.
    private func addPushes(to tasks: inout TaskGroup<Void>) {
        let limiter = ConnectLimiter(simultaneous: configuration.limits.simultaneousConnects)
        for configured in configuration.pushes {
            guard let stream = StreamPath(configured.path).flatMap(directory.stream(at:)) else { continue }
            let push = StreamPush(configured, stream: stream, limiter: limiter, logger: logger)
            tasks.addTask { await push.run() }
        }
    }

    /// Says once a minute what the listeners have turned away since; returns when one of them listens no more.
    package func watchListeners() async {
        let report = Task { [listener, web, logger] in
            var known = [ListenerCounters(), ListenerCounters()]
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(60))
                let now = [listener.counters, web?.counters ?? ListenerCounters()]
                for (index, name) in ["rtsp", "http"].enumerated() {
                    var turnedAway = now[index].turnedAway(since: known[index])
                    guard !turnedAway.isEmpty else { continue }
                    turnedAway["port"] = "\(name)"
                    logger.warning("connections turned away", metadata: turnedAway)
                }
                known = now
            }
        }
        // The first to be closed counts; the other one is closed by who stops the relay.
        let (ended, continuation) = AsyncStream<Never>.makeStream()
        Task { [listener] in
            await listener.closed()
            continuation.finish()
        }
        if let web {
            Task {
                await web.closed()
                continuation.finish()
            }
        }
        for await _ in ended {}
        report.cancel()
    }

    /// Takes up a certificate whose files change; `nil` where there is none to look after. Returns when its task is cancelled.
    package var watchingCertificate: (@Sendable () async -> Void)? {
        guard let watch = certificate?.watch else { return nil }
        return { await watch.run() }
    }

    /// Goes on in new files where old ones were moved away; `nil` where there are none. To be called at SIGHUP.
    package var reopeningLogs: (@Sendable () -> Void)? {
        guard let accessLog else { return nil }
        return { accessLog.reopen() }
    }

    /// Says goodbye to every viewer and takes no more.
    package func endStreams() async {
        // Before the streams: their viewers are told that the server is stopping, and not that a stream has ended.
        live?.stop()
        publishing.close()
        for stream in directory.streams { try? await stream.close().get() }
        await hls?.close()
        await live?.close()
    }

    /// Takes no connection any more; a viewer who has not read his last words after one second will not.
    package func stopListening() async {
        async let web: Void? = web?.shutdown(within: .seconds(1))
        await listener.shutdown(within: .seconds(1))
        await web
    }

    /// Closes everything within two seconds, sources that say goodbye to their cameras included.
    package func stop() async {
        await endStreams()
        await stopListening()
        await datagrams.shutdown()
        await movies?.stop()
        try? await group.shutdownGracefully()
        await accessLog?.stop()
    }

    /// What a viewer on this machine types, one URL a stream.
    package var watchURLs: [String] {
        let host = configuration.listen.rtsp.host ?? "127.0.0.1"
        let port = rtspAddress?.port ?? Int(configuration.listen.rtsp.port)
        let authority = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        return directory.streams.map { "rtsp://\(authority)/\($0.path)" }
    }
}
