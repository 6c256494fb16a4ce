import Egress
import HLS
import Ingest
import Logging
import NIOConcurrencyHelpers
import NIOCore
import RTSPTransport
import Reflector
import Synchronization
import TestSupport

@testable import Server

/// The whole server in this process: what `relays.yaml` would describe, on ports of its own.
final class RunningRelay: Sendable {
    let relay: Relay
    private let sources: Task<Void, Never>
    private let isStopped = Atomic(false)
    private let lines: NIOLockedValueBox<[String]>

    private init(relay: Relay, sources: Task<Void, Never>, lines: NIOLockedValueBox<[String]>) {
        self.relay = relay
        self.sources = sources
        self.lines = lines
    }

    static func start(_ configuration: RelayConfiguration) async throws -> RunningRelay {
        let lines = NIOLockedValueBox<[String]>([])
        let logger = Logger(label: "heliograph") { _ in
            RelayLogHandler(
                LogConfiguration(level: .debug), write: { line in lines.withLockedValue { $0.append(line) } })
        }
        let relay = try await Relay.start(configuration, loops: 2, logger: logger)
        return RunningRelay(relay: relay, sources: Task { await relay.runSources() }, lines: lines)
    }

    /// Everything logged so far, debug lines included.
    var log: [String] { lines.withLockedValue(\.self) }

    /// How often that message was logged.
    func logged(_ message: String) -> Int { log.count { $0.contains(" \(message) ") } }

    /// The port for RTSP.
    var port: Int { relay.rtspAddress?.port ?? 0 }

    func url(_ path: String) -> String { "rtsp://127.0.0.1:\(port)/\(path)" }

    /// Over HTTP, and over HTTPS.
    func webURL(_ path: String) -> String { "http://127.0.0.1:\(relay.httpAddress?.port ?? 0)/\(path)" }
    func secureWebURL(_ path: String) -> String { "https://127.0.0.1:\(relay.httpsAddress?.port ?? 0)/\(path)" }

    /// In TLS.
    func secureURL(_ path: String) -> String { "rtsps://127.0.0.1:\(relay.rtspsAddress?.port ?? 0)/\(path)" }

    /// Its scheme is that of plain RTSP, or RTSPS: who goes another way puts his own in its place.
    func url(_ path: String, by transport: Transport) -> String {
        transport.isSecure ? secureURL(path) : url(path)
    }

    func viewer() async throws -> FakeViewer { try await FakeViewer.connect(port: port) }

    func viewerCount(of path: String) async throws -> Int {
        guard let path = StreamPath(path), let stream = relay.directory.stream(at: path) else { return 0 }
        return try await stream.viewerCount().get()
    }

    /// The order in which the server itself stops; once.
    func stop() async {
        guard !isStopped.exchange(true, ordering: .relaxed) else { return }
        await relay.endStreams()
        sources.cancel()
        await sources.value
        await relay.stop()
    }
}

/// Runs `body` with a relay of these cameras, and stops it whatever happens.
func withRelay<Result>(
    _ cameras: [CameraConfiguration], limits: LimitsConfiguration = LimitsConfiguration(), port: UInt16 = 0,
    webPort: UInt16 = 0,
    certificate: CertificateFiles? = nil, media: MediaConfiguration? = nil, pushes: [PushConfiguration] = [],
    hls: HLSConfiguration = HLSConfiguration(), _ body: (RunningRelay) async throws -> Result
) async throws -> Result {
    let listen = ListenConfiguration(
        rtsp: ListenAddress(host: "127.0.0.1", port: port),
        rtsps: certificate.map { _ in ListenAddress(host: "127.0.0.1", port: 0) },
        http: ListenAddress(host: "127.0.0.1", port: webPort),
        https: certificate.map { _ in ListenAddress(host: "127.0.0.1", port: 0) }, rtp: .anyFree
    )
    let relay = try await RunningRelay.start(
        RelayConfiguration(
            listen: listen, certificate: certificate, limits: limits, cameras: cameras, hls: hls, media: media,
            pushes: pushes)
    )
    do {
        let result = try await body(relay)
        await relay.stop()
        return result
    } catch {
        await relay.stop()
        throw error
    }
}

extension CameraConfiguration {
    /// The built-in camera with a small picture.
    static func testCamera(_ path: String = "test", keyFrameInterval: TimeAmount = .seconds(2)) -> CameraConfiguration {
        let camera = TestCameraConfiguration(
            width: 640, height: 360, keyFrameInterval: keyFrameInterval, bitRate: 1_000_000
        )
        return CameraConfiguration(
            name: path, streams: [StreamConfiguration(path: path, source: .testCamera(camera))]
        )
    }

    /// A path that is open to one publisher.
    static func published(_ path: String, takeover: Bool = false) -> CameraConfiguration {
        CameraConfiguration(
            name: path,
            streams: [StreamConfiguration(path: path, source: .publish(AnnounceConfiguration(takeover: takeover)))])
    }

    /// A camera that is pulled.
    static func pulled(_ path: String, _ pull: PullConfiguration) -> CameraConfiguration {
        CameraConfiguration(name: path, streams: [StreamConfiguration(path: path, source: .pull(pull))])
    }
}

extension PushConfiguration {
    /// A push of the stream at `path` to a URL.
    static func to(
        _ url: String, _ path: String = "test", over transport: PushTransport = .tcp, trust: PeerTrust = .authorities
    ) -> PushConfiguration {
        PushConfiguration(
            name: "next", path: path,
            target: .rtsp(RTSPPushTarget(url: url, trust: trust, transport: transport, timeout: .seconds(5))))
    }
}
