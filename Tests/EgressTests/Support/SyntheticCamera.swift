import Media
import NIOCore
import RTP
import Reflector
import TestSupport

/// A source that sends what a test tells it to.
final class SyntheticCamera: Sendable {
    static let video = TrackDescription(
        kind: .video,
        formats: [TrackFormat(payloadType: 96, codec: .h264, encodingName: "H264", clockRate: 90_000)]
    )
    static let audio = TrackDescription(
        kind: .audio,
        formats: [TrackFormat(payloadType: 0, codec: .pcmu, encodingName: "PCMU", clockRate: 8000)]
    )

    let stream: Stream
    private let source: NIOLoopBoundBox<Source>

    fileprivate struct Source {
        var publication: Publication?
        var pictures: UInt32 = 0
        var sequenceNumbers: [UInt16]
    }

    init(stream: Stream, tracks: [TrackDescription], via: RelayChain = .direct) async throws {
        self.stream = stream
        let sequenceNumbers = tracks.indices.map { UInt16(1000 * ($0 + 1)) }
        let source = NIOLoopBoundBox.makeBoxSendingValue(
            Source(sequenceNumbers: sequenceNumbers), eventLoop: stream.homeLoop)
        self.source = source
        try await stream.homeLoop.submit {
            source.value.publication = try stream.publish(tracks: tracks, by: "test", via: via)
        }.get()
    }

    /// One group: a key picture, some others, and a packet of audio with each; one read a picture.
    func sendGroup(pictures: Int = 5, bytes: Int = 500) async throws {
        try await stream.homeLoop.submit { [source] in
            for picture in 0..<pictures { source.value.sendPicture(isKey: picture == 0, bytes: bytes) }
        }.get()
    }

    /// Pictures that are no key pictures.
    func sendPictures(_ count: Int) async throws {
        try await stream.homeLoop.submit { [source] in
            for _ in 0..<count { source.value.sendPicture(isKey: false) }
        }.get()
    }

    /// Sends so many pictures of `bytes` each, and counts the heap allocations that each took until it was with its viewers' sockets;
    /// only for viewers of the home loop. `afterEach` runs on that loop.
    func allocations(pictures: Int, bytes: Int, afterEach: @escaping @Sendable () -> Void) async throws -> [Int] {
        try await stream.homeLoop.submit { [source] in
            (0..<pictures).map { _ in
                let payload = ByteBuffer(bytes: [0x41, 0x88] + [UInt8](repeating: 0x55, count: bytes))
                let count = AllocationCount.during { source.value.sendPicture(payload) }
                afterEach()
                return count
            }
        }.get()
    }

    /// A packet of audio in a read of its own, as if it came so much later.
    func sendAudio(after delay: TimeAmount = .zero) async throws {
        try await stream.homeLoop.submit { [source] in source.value.sendAudio(at: .now() + delay) }.get()
    }

    /// A key picture with its parameter sets in front, which the stream did not know.
    func sendParameterSets() async throws {
        try await stream.homeLoop.submit { [source] in
            for set in [SyntheticH264.sequenceParameterSet, SyntheticH264.pictureParameterSet] {
                source.value.send(
                    0, ByteBuffer(bytes: set), 96, source.value.pictures &* 3600, marker: false, at: .now())
            }
            source.value.sendPicture(isKey: true)
        }.get()
    }

    /// Waits until nobody watches.
    func viewersLeft() async throws {
        try await eventually("the last viewer has left") { try await stream.viewerCount().get() == 0 }
    }

    /// The camera goes away; the stream and its viewers stay.
    func leave() async throws {
        try await stream.homeLoop.submit { [source] in
            source.value.publication?.end()
            source.value.publication = nil
        }.get()
    }
}

extension SyntheticCamera.Source {
    mutating func sendPicture(isKey: Bool, bytes: Int = 500) {
        // First bytes of H.264 NAL units: a key picture, or a slice of another (RFC 6184 §1.3).
        sendPicture(ByteBuffer(bytes: [isKey ? 0x65 : 0x41, 0x88] + [UInt8](repeating: 0x55, count: bytes)))
    }

    mutating func sendPicture(_ payload: ByteBuffer) {
        let now = NIODeadline.now()
        send(0, payload, 96, pictures &* 3600, at: now)
        if sequenceNumbers.count > 1 {
            send(1, ByteBuffer(repeating: 0xFF, count: 320), 0, pictures &* 320, at: now)
        }
        pictures &+= 1
        publication?.readEnded(at: now)
    }

    mutating func sendAudio(at now: NIODeadline) {
        send(1, ByteBuffer(repeating: 0xFF, count: 320), 0, pictures &* 320, at: now)
        publication?.readEnded(at: now)
    }

    mutating func send(
        _ track: Int, _ payload: ByteBuffer, _ payloadType: UInt8, _ timestamp: UInt32, marker: Bool = true,
        at now: NIODeadline
    ) {
        let packet = RTPPacket(
            marker: marker,
            payloadType: payloadType,
            sequenceNumber: SequenceNumber(sequenceNumbers[track]),
            timestamp: timestamp,
            ssrc: 77 &+ UInt32(track),
            payload: payload
        )
        sequenceNumbers[track] &+= 1
        publication?.receive(packet, track: track, at: now)
    }
}
