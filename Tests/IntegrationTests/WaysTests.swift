import Foundation
import Ingest
import Media
import NIOCore
import RTSP
import RTSPTransport
import Server
import TestSupport
import Testing

@Suite("Ways in and out, with tools of other people", .onQuietMachine)
struct WaysTests {
    private static let played: [Way.Tool: [Transport]] = [
        .ffmpegPlays: [.udp, .tcp, .http, .rtsps, .https],
        .gstreamerPlays: [.udp, .tcp, .http, .rtsps, .https],
        .pythonPlays: [.webSocket],
    ]
    private static let published: [Way.Tool: [Transport]] = [
        .ffmpegPublishes: [.udp, .tcp, .rtsps],
        .gstreamerPublishes: [.udp, .tcp, .http, .rtsps, .https],
    ]
    private static let pulled: [Way.Tool: [Transport]] = [
        .gstreamerIsPulled: [.udp, .tcp, .http, .rtsps, .https],
        .heliographIsPulled: [.http, .rtsps, .https, .webSocket, .secureWebSocket],
    ]

    private static func ways(_ table: [Way.Tool: [Transport]]) -> [Way] {
        table.flatMap { tool, transports in transports.map { Way(tool: tool, transport: $0) } }
    }

    @Test("docs/interop.md calls those ways tested that are tested here, and no others")
    func table() throws {
        let here = Set(Self.ways(Self.played) + Self.ways(Self.published) + Self.ways(Self.pulled))
        let told = try WaysTable().tested
        #expect(told == here, "only there: \(told.subtracting(here)), only here: \(here.subtracting(told))")
    }

    @Test("L5 players decode the same stream by every way out, all at once, without a complaint")
    func play() async throws {
        try await Certificate.with { files, fingerprint in
            try await withRelay([.testCamera()], certificate: files) { relay in
                try await Self.playAll(from: relay, pinning: fingerprint)
            }
        }
    }

    private static func playAll(from relay: RunningRelay, pinning fingerprint: CertificateFingerprint) async throws {
        let again = pulled[.heliographIsPulled, default: []]
        let cameras = again.map { transport in
            CameraConfiguration.pulled(
                transport.path, pull(relay.url("test", by: transport), transport, pinning: fingerprint))
        }
        await all(ways(played)) { way in try await complaints(of: way, playing: "test", from: relay) }
        try await withRelay(cameras) { second in
            await all(again.map { Way(tool: .heliographIsPulled, transport: $0) }) { way in
                try await FFmpeg.complaints(watching: second.url(way.transport.path))
            }
            #expect(second.logged("camera up") == again.count)
            #expect(second.logged("camera down") == 0)
        }
        try await eventually("all have left") { relay.logged("viewer left") == relay.logged("viewer joined") }
        // GStreamer tells what it gets.
        let tells = relay.log.contains { $0.contains(" viewer left ") && $0.contains(" round_trip_ms=") }
        #expect(tells)
    }

    @Test("M8 what publishers send by every way in decodes, all at once, without a complaint")
    func publish() async throws {
        let incoming = CameraConfiguration(
            name: "in/*", streams: [StreamConfiguration(path: "in/*", source: .publishBelow(AnnounceConfiguration()))])
        try await Certificate.with { files, _ in
            try await withRelay([incoming], certificate: files) { relay in
                try await withTemporaryDirectory { directory in try await Self.publishAll(to: relay, in: directory) }
            }
        }
    }

    private static func publishAll(to relay: RunningRelay, in directory: URL) async throws {
        let ways = ways(published)
        var publishers: [RunningTool] = []
        for way in ways {
            let url = relay.url("in/\(way.path)", by: way.transport)
            let publisher =
                try way.tool == .ffmpegPublishes
                ? FFmpegPublisher.start(url, over: way.transport, in: directory)
                : GStreamerPublisher.start(url, over: way.transport, in: directory)
            publishers.append(publisher)
        }
        try await eventually("all publish", within: .seconds(20)) { relay.logged("publisher joined") == ways.count }
        await all(ways) { way in try await FFmpeg.complaints(watching: relay.url("in/\(way.path)")) }
        for (way, publisher) in zip(ways, publishers) {
            let complaints = publisher.complaints + (publisher.isRunning ? [] : ["ended"])
            #expect(complaints == [], "\(way.tool.rawValue), \(way.transport.rawValue)")
            await publisher.stop()
        }
    }

    @Test("L8 GStreamer's server is pulled by every way there is; a certificate that nobody vouches for is refused")
    func pull() async throws {
        try await Certificate.with { files, fingerprint in
            try await GStreamerServer.run { plain in
                try await GStreamerServer.run(certificate: files.certificate) { secure in
                    try await Self.pullAll(from: plain, secure, pinning: fingerprint)
                }
            }
        }
    }

    private static func pullAll(
        from plain: GStreamerServer, _ secure: GStreamerServer, pinning fingerprint: CertificateFingerprint
    ) async throws {
        let ways = ways(pulled).filter { $0.tool == .gstreamerIsPulled }
        var cameras = [CameraConfiguration.pulled("refused", PullConfiguration(url: secure.url("h264")))]
        for transport in ways.map(\.transport) {
            let url = (transport.isSecure ? secure : plain).url("h264")
            cameras.append(.pulled(transport.path, pull(url, transport, pinning: fingerprint)))
        }
        try await withRelay(cameras) { relay in
            await all(ways) { way in
                try await FFmpeg.complaints(watching: relay.url(way.transport.path), rate: 10)
            }
            let log = relay.log.joined(separator: "\n")
            for transport in ["udp", "tcp", "http"] {
                let isThere = log.contains(" transport=\(transport)")
                #expect(isThere, "\(transport)")
            }
            #expect(relay.logged("camera up") == ways.count)
            let isRefused = log.contains("camera down camera=refused") && log.contains("fingerprint: \(fingerprint)")
            #expect(isRefused)
        }
    }

    // MARK: One way

    /// Runs `body` for all of the ways at once.
    private static func all(
        _ ways: [Way], _ body: @escaping @Sendable (Way) async throws -> [String]
    ) async {
        await withTaskGroup(of: (Way, [String]).self) { group in
            for way in ways {
                group.addTask {
                    // One that fails leaves the others to tell how they fare.
                    do { return (way, try await body(way)) } catch { return (way, ["\(error)"]) }
                }
            }
            for await (way, complaints) in group {
                #expect(complaints == [], "\(way.tool.rawValue), \(way.transport.rawValue)")
            }
        }
    }

    private static func complaints(
        of way: Way, playing path: String, from relay: RunningRelay
    ) async throws -> [String] {
        let url = relay.url(path, by: way.transport)
        switch way.tool {
        case .gstreamerPlays:
            return try await GStreamer.complaints(
                watching: url, over: way.transport, video: .init(codec: .h264, rate: 25),
                audio: .init(codec: .aac, rate: 48_000), seconds: 3, within: .seconds(40))
        case .pythonPlays:
            let (lines, errors) = try await WebSocketViewer.watch(path, port: relay.port, packets: 200)
            return errors + lines.filter { $0 != "gaps 0 tracks 2 pongs 1 ended 1000" }
        case .ffmpegPlays, .ffmpegPublishes, .gstreamerPublishes, .gstreamerIsPulled, .heliographIsPulled:
            return try await FFmpeg.complaints(watching: url, over: way.transport)
        }
    }

    /// By the URL where it can say so, by the transport where not.
    private static func pull(
        _ url: String, _ transport: Transport, pinning fingerprint: CertificateFingerprint
    ) -> PullConfiguration {
        var pull = PullConfiguration(url: transport.ownURL(url))
        if transport.isSecure { pull.trust = .fingerprint(fingerprint) }
        switch transport {
        case .udp: pull.transport = .udp
        case .multicast: pull.transport = .multicast
        case .tcp, .http, .rtsps, .https, .webSocket, .secureWebSocket: pull.transport = .tcp
        }
        return pull
    }
}

extension Way {
    fileprivate var path: String { "\(tool)-\(transport.path)" }
}
