import Ingest
import Logging
import Media
import NIOCore
import NIOPosix
import RTP
import RTSPTransport
import Reflector
import TestSupport
import Testing

/// A fake camera, the stream it is pulled into, and a viewer that writes down every packet.
struct PullBench: Sendable {
    let camera: FakeCamera
    let stream: Stream
    let viewer: Locked<ViewerRecord>
    let log: LogRecord
    let outcome: Locked<PullOutcome?>

    /// Patience for tests: short, but longer than any hiccup of a busy machine between two packets.
    static let patience: PullPatience = {
        var patience = PullPatience()
        patience.stall = .seconds(5)
        patience.silence = .milliseconds(700)
        patience.firstReport = .milliseconds(100)
        patience.reports = .milliseconds(200)
        return patience
    }()

    /// Starts the camera, pulls it while `body` runs, then stops everything.
    static func run(
        _ behaviour: FakeCameraBehaviour = FakeCameraBehaviour(),
        supervised: Bool = false,
        patience: PullPatience = PullBench.patience,
        inFront: (@Sendable (any Channel) throws -> Void)? = nil,
        configure: (inout PullConfiguration) -> Void = { _ in },
        _ body: (PullBench) async throws -> Void
    ) async throws {
        let camera = try await FakeCamera.start(behaviour, inFront: inFront)
        var configuration = PullConfiguration(url: camera.url)
        configure(&configuration)
        let log = LogRecord()
        let stream = try PullBench.stream("test", logger: log.logger)
        let viewer = try await watch(stream)
        let bench = PullBench(camera: camera, stream: stream, viewer: viewer, log: log, outcome: .init(nil))
        let task = Task { [configuration] in
            if supervised {
                await PullSupervisor(
                    stream: stream, configuration: configuration, limiter: ConnectLimiter(), patience: patience,
                    logger: log.logger
                ).run()
            } else {
                let outcome = await PullSource(
                    stream: stream, configuration: configuration, transport: TransportChoice(configuration.transport),
                    limiter: ConnectLimiter(), patience: patience, logger: log.logger
                ).run()
                bench.outcome.change { $0 = outcome }
            }
        }
        let result: Result<Void, any Error>
        do { result = .success(try await body(bench)) } catch { result = .failure(error) }
        task.cancel()
        await task.value
        try await stream.close().get()
        try await camera.stop()
        try result.get()
    }

    static func stream(_ path: String, policy: StreamPolicy = StreamPolicy(), logger: Logger) throws -> Stream {
        Stream(
            path: try #require(StreamPath(path)),
            homeLoop: MultiThreadedEventLoopGroup.singleton.next(),
            policy: policy,
            clock: StreamClock(
                now: { .now() }, wallClock: { 1_790_000_000_000_000_000 }, random: { .random(in: .min ... .max) }
            ),
            logger: logger
        )
    }

    static func watch(_ stream: Stream) async throws -> Locked<ViewerRecord> {
        let record = Locked(ViewerRecord())
        try await stream.homeLoop.submit {
            stream.subscribe(RecordingViewer(record: record), on: stream.homeLoop)
        }.get()
        return record
    }

    var packets: [ViewerRecord.Packet] { viewer.value.packets }

    func packets(track: Int) -> [ViewerRecord.Packet] { packets.filter { $0.track == track } }

    func payloads(track: Int = 0) -> [[UInt8]] { packets(track: track).map(\.payload) }

    /// Waits until the viewer has so many more packets of a track.
    @discardableResult
    func moreVideo(_ count: Int = 15, track: Int = 0) async throws -> [ViewerRecord.Packet] {
        let before = packets(track: track).count
        try await eventually("\(count) more packets of track \(track)") {
            packets(track: track).count >= before + count
        }
        return Array(packets(track: track).dropFirst(before))
    }

    /// Waits for PLAY, for tests that make every packet themselves.
    func untilPlaying(_ nth: Int = 1) async throws {
        try await eventually("playing") { log.lines.count { $0.hasPrefix("debug playing") } >= nth }
    }

    func untilEnd() async throws -> PullOutcome {
        try await eventually("the pull ends") { outcome.value != nil }
        return try #require(outcome.value)
    }

    /// What the pull counted: the camera hangs up to end it.
    func countersAtEnd() async throws -> IngestCounters {
        try await camera.dropConnections()
        return try await untilEnd().counters
    }
}

/// What a viewer got.
struct ViewerRecord: Sendable {
    struct Packet: Sendable, Equatable {
        var track: Int
        var marker: Bool
        var payloadType: UInt8
        var sequenceNumber: UInt16
        var timestamp: UInt32
        var ssrc: UInt32
        var payload: [UInt8]
        var arrival: NIODeadline
    }

    var packets: [Packet] = []
    var endings = 0
}

final class RecordingViewer: Subscriber {
    private let record: Locked<ViewerRecord>
    private var subscription: Subscription?

    init(record: Locked<ViewerRecord>) {
        self.record = record
    }

    func subscribed(_ subscription: Subscription, start: StreamStart?) {
        self.subscription = subscription
    }

    func receive(_ burst: Burst, variants: BurstVariants) {
        let packets = burst.entries.compactMap { entry -> ViewerRecord.Packet? in
            guard !entry.isControl,
                let bytes = burst.bytes.getSlice(at: burst.bytes.readerIndex + entry.offset, length: entry.length),
                let packet = try? RTPPacket(validating: bytes)
            else { return nil }
            return .init(
                track: entry.track, marker: packet.marker, payloadType: packet.payloadType,
                sequenceNumber: packet.sequenceNumber.rawValue, timestamp: packet.timestamp, ssrc: packet.ssrc,
                payload: Array(packet.payload.readableBytesView), arrival: .now()
            )
        }
        record.change { $0.packets += packets }
    }

    func leave() {
        subscription = nil
    }

    func streamEnded() {
        record.change { $0.endings += 1 }
    }
}
