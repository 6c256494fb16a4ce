import Logging
import Media
import NIOCore
import RTSP
import RTSPTransport
import Reflector
import TestSupport

@testable import Egress

/// A relay on loopback: a listener, its media sockets, and streams with synthetic cameras.
final class LoopbackRelay: Sendable {
    let directory = StreamDirectory()
    private let listener: RTSPListener
    private let datagrams: DatagramSocketPool?

    private init(
        configuration: PlayConfiguration, datagrams: DatagramSocketPool?, groups: MulticastGroups?, logger: Logger
    ) {
        self.datagrams = datagrams
        var listening = RTSPListenerConfiguration(host: "127.0.0.1", port: 0)
        listening.limits.requestsWithoutSession = .max
        let directory = directory
        listener = RTSPListener(
            configuration: listening, group: FakeViewer.group, datagrams: datagrams, logger: logger
        ) { context in
            RTSPRouter(directory: directory, configuration: configuration, groups: groups, context: context)
        }
    }

    /// Runs `body` with a relay that has one stream, `gate`, with a video and an audio track.
    static func run(
        configuration: PlayConfiguration = PlayConfiguration(),
        sendsDatagrams: Bool = true,
        multicast: MulticastConfiguration? = nil,
        logger: Logger = Logger(label: "test"),
        _ body: (LoopbackRelay, SyntheticCamera) async throws -> Void
    ) async throws {
        var datagrams: DatagramSocketPool?
        if sendsDatagrams {
            datagrams = try await DatagramSocketPool.start(
                group: FakeViewer.group, host: "127.0.0.1", ports: PortPair(rtp: 0, rtcp: 0))
        }
        let groups = multicast.map { MulticastGroups($0, logger: .init(label: "test")) }
        let relay = LoopbackRelay(configuration: configuration, datagrams: datagrams, groups: groups, logger: logger)
        try await relay.listener.start()
        let camera = try await relay.addCamera("gate", tracks: [SyntheticCamera.video, SyntheticCamera.audio])
        do {
            try await body(relay, camera)
        } catch {
            await relay.stop()
            throw error
        }
        await relay.stop()
    }

    func stop() async {
        await listener.shutdown(within: .milliseconds(100))
        await datagrams?.shutdown()
    }

    /// The port viewers connect to.
    var port: Int { listener.localAddress?.port ?? 0 }

    func url(_ path: String) -> String { "rtsp://127.0.0.1:\(port)/\(path)" }

    func viewer() async throws -> FakeViewer { try await FakeViewer.connect(port: port) }

    /// The ports of the media sockets, RTP and RTCP.
    var serverPorts: PortPair? { datagrams?.ports }

    /// Remotes that viewers have claimed.
    var claims: Int { datagrams?.registrations ?? 0 }

    @discardableResult
    func addStream(_ path: String, policy: StreamPolicy = StreamPolicy()) throws -> Stream {
        guard let path = StreamPath(path) else { throw StreamError.closed(try gate()) }
        let stream = Stream(
            path: path,
            homeLoop: FakeViewer.group.next(),
            policy: policy,
            clock: StreamClock(
                now: { .now() },
                wallClock: { 1_700_000_000_000_000_000 + Int64(NIODeadline.now().uptimeNanoseconds) },
                random: { .random(in: .min ... .max) }
            ),
            logger: .init(label: "test")
        )
        try directory.add(stream)
        return stream
    }

    func addCamera(_ path: String, tracks: [TrackDescription]) async throws -> SyntheticCamera {
        try await SyntheticCamera(stream: addStream(path), tracks: tracks)
    }

    private func gate() throws -> StreamPath {
        guard let path = StreamPath("gate") else { throw CancellationError() }
        return path
    }
}
