import Logging
import Media
import NIOCore
import NIOEmbedded
import RTP
import Testing

@testable import Reflector

/// A stream on an embedded loop with a camera that sends synthetic H.264 and PCMU, for tests.
final class PublishedStream {
    static let video = TrackDescription(
        kind: .video,
        formats: [TrackFormat(payloadType: 96, codec: .h264, encodingName: "H264", clockRate: 90_000)]
    )
    static let audio = TrackDescription(
        kind: .audio,
        formats: [TrackFormat(payloadType: 0, codec: .pcmu, encodingName: "PCMU", clockRate: 8000)]
    )

    let loop: EmbeddedEventLoop
    let stream: Stream
    private(set) var publication: Publication?
    private var sequenceNumbers: [UInt16] = [10, 20]
    var ssrc: UInt32 = 77
    var now = NIODeadline.uptimeNanoseconds(5_000_000_000)

    init(
        policy: StreamPolicy = StreamPolicy(),
        wallClock: @escaping @Sendable () -> Int64 = { 1_700_000_000_000_000_000 },
        logger: Logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    ) throws {
        loop = EmbeddedEventLoop()
        stream = try Stream.embedded(on: loop, policy: policy, wallClock: wallClock, logger: logger)
    }

    func publish(_ tracks: [TrackDescription] = [video, audio]) throws {
        publication = try stream.publish(tracks: tracks, by: "test")
    }

    func endPublication() {
        publication?.end()
        publication = nil
    }

    /// One read that brings one video packet.
    func sendVideo(
        _ firstByte: UInt8, timestamp: UInt32, marker: Bool = true, after: TimeAmount = .milliseconds(40),
        size: Int = 100
    ) {
        now = now + after
        add(
            track: 0, payload: [firstByte, 0x88] + [UInt8](repeating: 0x55, count: size - 2), timestamp: timestamp,
            marker: marker)
        publication?.readEnded(at: now)
    }

    func sendAudio(timestamp: UInt32, after: TimeAmount = .milliseconds(20)) {
        now = now + after
        add(track: 1, payload: [UInt8](repeating: 0xFF, count: 160), timestamp: timestamp, marker: false)
        publication?.readEnded(at: now)
    }

    /// A sender report of each track, for the moment of `seconds` on the camera's timeline.
    func report(at seconds: Double, videoBehind: Double) {
        for (track, rate) in [(0, 90_000.0), (1, 8000.0)] {
            let time = 1_600_000_000 + seconds - (track == 0 ? videoBehind : 0)
            publication?.receive(
                SenderReport(
                    ssrc: ssrc &+ UInt32(track), ntp: NTPTime(unixNanoseconds: Int64(time * 1e9)),
                    rtpTimestamp: UInt32(seconds * rate), packetCount: 0, octetCount: 0
                ),
                track: track, at: now
            )
        }
    }

    func add(track: Int, payload: [UInt8], timestamp: UInt32, marker: Bool) {
        publication?.receive(
            RTPPacket(
                marker: marker, payloadType: track == 0 ? 96 : 0,
                sequenceNumber: SequenceNumber(sequenceNumbers[track]), timestamp: timestamp,
                ssrc: ssrc &+ UInt32(track),
                payload: ByteBuffer(bytes: payload)
            ),
            track: track, at: now
        )
        sequenceNumbers[track] &+= 1
    }
}

extension Stream {
    /// One at `gate` whose time stands still at five seconds, and whose numbers are the same in every run.
    static func embedded(
        on loop: EmbeddedEventLoop, policy: StreamPolicy = StreamPolicy(),
        wallClock: @escaping @Sendable () -> Int64 = { 1_700_000_000_000_000_000 },
        logger: Logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    ) throws -> Stream {
        let numbers = NIOLockedCounter()
        return Stream(
            path: try #require(StreamPath("gate")), homeLoop: loop, policy: policy,
            clock: StreamClock(
                now: { .uptimeNanoseconds(5_000_000_000) }, wallClock: wallClock,
                random: { numbers.next() &* 2_654_435_761 }
            ),
            logger: logger
        )
    }
}

/// First bytes of H.264 NAL units (RFC 6184 §1.3).
enum NALUnit {
    static let idr: UInt8 = 0x65
    static let slice: UInt8 = 0x41
    static let sequenceParameterSet: UInt8 = 0x67
    static let pictureParameterSet: UInt8 = 0x68
}

/// Records what a subscriber gets.
final class RecordingSubscriber: Subscriber {
    private(set) var start: StreamStart?
    private(set) var subscription: Subscription?
    private(set) var bursts: [Burst] = []
    private(set) var hasEnded = false
    let looksAway: Bool

    init(looksAway: Bool = false) {
        self.looksAway = looksAway
    }

    func subscribed(_ subscription: Subscription, start: StreamStart?) {
        self.subscription = subscription
        self.start = start
    }

    func receive(_ burst: Burst, variants: BurstVariants) {
        bursts.append(burst)
    }

    func streamEnded() {
        hasEnded = true
    }

    func leave() {
        subscription?.end()
        subscription = nil
    }

    /// Everything received, start and live, packet by packet.
    var packets: [(track: Int, packet: RTPPacket)] {
        ((start?.bursts ?? []) + bursts).flatMap { burst in
            burst.entries.filter { !$0.isControl }.compactMap { entry in
                (try? RTPPacket(validating: burst.packet(entry))).map { (entry.track, $0) }
            }
        }
    }

    func packets(of track: Int) -> [RTPPacket] {
        packets.filter { $0.track == track }.map(\.packet)
    }

    var reports: [(track: Int, packets: [RTCPPacket])] {
        ((start?.bursts ?? []) + bursts).flatMap { burst in
            burst.entries.filter(\.isControl).map { ($0.track, RTCPPacket.parseCompound(burst.packet($0))) }
        }
    }
}
