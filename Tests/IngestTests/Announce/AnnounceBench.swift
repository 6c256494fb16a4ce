import Ingest
import Logging
import Media
import NIOCore
import RTSP
import RTSPTransport
import Reflector
import TestSupport
import Testing

/// A listener with nothing behind it but publishing: to `van`, to `free` where a newcomer takes over, and below `incoming`.
struct AnnounceBench: Sendable {
    let directory: StreamDirectory
    let stream: Stream
    let viewer: Locked<ViewerRecord>
    let log: LogRecord
    private let listener: RTSPListener

    /// Viewers are not answered here.
    private final class Responder: RTSPResponder {
        let router: AnnounceRouter

        init(_ router: AnnounceRouter) { self.router = router }

        func respond(to request: RTSPRequest, context: RTSPRequestContext) -> EventLoopFuture<RTSPReply> {
            router.respond(to: request) ?? context.answer(RTSPResponse(.notImplemented))
        }

        func received(_ frame: InterleavedFrame) { _ = router.take(frame) }
        func readEnded() { router.readEnded() }
        func connectionWillClose() { router.connectionWillClose() }
        func connectionClosed() { router.connectionClosed() }
    }

    /// `idle` is how long a connection without a session, and a session that does not record, may ask nothing.
    static func run(
        silence: TimeAmount = .seconds(10),
        idle: TimeAmount? = nil,
        _ body: (AnnounceBench) async throws -> Void
    ) async throws {
        let log = LogRecord()
        let directory = StreamDirectory()
        let van = try PullBench.stream("van", logger: log.logger)
        let free = try PullBench.stream("free", logger: log.logger)
        for stream in [van, free, try PullBench.stream("camera", logger: log.logger)] { try directory.add(stream) }
        let prefix = AnnounceConfiguration(timeout: silence, mostStreams: 2, linger: .milliseconds(50))
        let paths = PublishingPaths(
            directory: directory,
            streams: [
                PublishedStream(van, configuration: AnnounceConfiguration(timeout: silence)),
                PublishedStream(free, configuration: AnnounceConfiguration(takeover: true, timeout: silence)),
            ],
            prefixes: [.init(try #require(StreamPath("incoming")), configuration: prefix)]
        ) { path, eventLoop in
            Stream(
                path: path, homeLoop: eventLoop,
                clock: StreamClock(now: { .now() }, wallClock: { 0 }, random: { .random(in: .min ... .max) }),
                logger: log.logger
            )
        }
        var configuration = RTSPListenerConfiguration(host: "127.0.0.1", port: 0)
        if let idle { configuration.limits.idleTime = idle }
        let listener = RTSPListener(configuration: configuration, group: FakeViewer.group, logger: log.logger) {
            context in
            Responder(AnnounceRouter(paths: paths, timeout: idle ?? .seconds(60), context: context))
        }
        try await listener.start()
        let bench = AnnounceBench(
            directory: directory, stream: van, viewer: try await PullBench.watch(van), log: log, listener: listener)
        let result: Result<Void, any Error>
        do { result = .success(try await body(bench)) } catch { result = .failure(error) }
        await listener.shutdown(within: .milliseconds(100))
        for stream in directory.streams { try await stream.close().get() }
        try result.get()
    }

    func url(_ path: String = "van") -> String { "rtsp://127.0.0.1:\(listener.localAddress?.port ?? 0)/\(path)" }

    func publisher() async throws -> FakeViewer { try await FakeViewer.connect(port: listener.localAddress?.port ?? 0) }

    /// ANNOUNCE, SETUP over TCP and RECORD; the status of the first that is refused, or of RECORD.
    func record(_ publisher: FakeViewer, _ path: String = "van", sdp: String = AnnounceBench.sdp) async throws
        -> FakeViewer.Answer
    {
        let announced = try await publisher.announce(url(path), sdp)
        guard announced.status == 200 else { return announced }
        let tracks = sdp.split(separator: "\r\n").count { $0.hasPrefix("m=") }
        var session = ""
        for track in 0..<tracks {
            let channels = "\(2 * track)-\(2 * track + 1)"
            let answer = try await publisher.request(
                "SETUP", "\(url(path))/streamid=\(track)",
                [("Transport", "RTP/AVP/TCP;unicast;interleaved=\(channels);mode=record")]
                    + (session.isEmpty ? [] : [("Session", session)]))
            guard answer.status == 200 else { return answer }
            session = answer.session ?? ""
        }
        return try await publisher.request("RECORD", url(path), [("Session", session), ("Range", "npt=0.000-")])
    }

    /// The answer to an ANNOUNCE of a stream that has come through other relays.
    func announce(via: String) async throws -> Int {
        let headers = [("Content-Type", "application/sdp"), ("Via", via)]
        return try await publisher().request("ANNOUNCE", url(), headers, body: Self.sdp).status
    }

    func payloads() -> [[UInt8]] { viewer.value.packets.map(\.payload) }

    static let sdp = """
        v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=No Name\r\nt=0 0\r\n\
        m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:streamid=0\r\n
        """
}

extension FakeViewer {
    func announce(_ url: String, _ sdp: String, type: String? = "application/sdp") async throws -> Answer {
        try await request("ANNOUNCE", url, type.map { [("Content-Type", $0)] } ?? [], body: sdp)
    }

    /// Pictures of one packet each, their numbers in the payload.
    func sendPictures(_ numbers: ClosedRange<UInt16>, channel: UInt8 = 0) async throws {
        for number in numbers { try await send(frame: AnnounceBench.packet(number), channel: channel) }
    }
}

extension AnnounceBench {
    /// A key picture, so that a stream that goes on takes it.
    static func packet(_ number: UInt16) -> [UInt8] {
        FakeCameraPacket.rtp(
            sequenceNumber: number, timestamp: UInt32(number) * 3_000,
            payload: [0x65, UInt8(number >> 8), UInt8(number & 0xFF)])
    }

    /// The numbers of the pictures a viewer got.
    var numbers: [UInt16] {
        payloads().filter { $0.first == 0x65 && $0.count == 3 }.map { UInt16($0[1]) << 8 | UInt16($0[2]) }
    }
}
