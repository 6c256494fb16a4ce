import Egress
import Logging
import Media
import NIOCore
import NIOPosix
import RTP
import Reflector
import TestSupport
import Testing

@testable import Web

@Suite("Still pictures")
struct SnapshotServiceTests {
    /// A stream of MJPEG in the home of its loop, published by a test.
    private struct Camera: Sendable {
        static let path = StreamPath("gate")!
        let stream: Reflector.Stream
        let directory = StreamDirectory()
        private let publication: NIOLoopBoundBox<Publication?>
        private let loop = MultiThreadedEventLoopGroup.singleton.next()

        init() async throws {
            stream = Stream(
                path: Self.path, homeLoop: loop,
                clock: StreamClock(
                    now: { .now() }, wallClock: { 1_700_000_000_000_000_000 }, random: { .random(in: 0...UInt32.max) }),
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
            try directory.add(stream)
            publication = NIOLoopBoundBox.makeEmptyBox(valueType: Publication.self, eventLoop: loop)
        }

        /// Pictures, each in a read of its own.
        func send(_ pictures: [SampleJPEG]) async throws {
            try await loop.submit {
                let publication = try stream.publish(tracks: [.packetized(.mjpeg)], by: "test")
                self.publication.value = publication
                var number: UInt16 = 0
                for (place, picture) in pictures.enumerated() {
                    var payloads: [ByteBuffer] = []
                    try JPEGPacketizer(maximumPayloadSize: 1200).packetize(ByteBuffer(bytes: picture.bytes)) {
                        payloads.append($0.payload)
                    }
                    for (index, payload) in payloads.enumerated() {
                        publication.receive(
                            RTPPacket(
                                marker: index == payloads.count - 1, payloadType: 26,
                                sequenceNumber: SequenceNumber(number), timestamp: UInt32(place) * 3600, ssrc: 1,
                                payload: payload),
                            track: 0, at: .now())
                        number &+= 1
                    }
                    publication.readEnded(at: .now())
                }
            }.get()
        }

        func end() async throws {
            try await loop.submit { publication.value = nil }.get()
        }

        func service(
            _ whenDown: SnapshotWhenDown = .last,
            wallClock: @escaping @Sendable () -> Int64 = { 1_700_000_100_000_000_000 }
        ) -> SnapshotService {
            SnapshotService(
                directory: directory,
                clock: StreamClock(now: { .now() }, wallClock: wallClock, random: { .random(in: 0...UInt32.max) }),
                threads: BlockingThreads { work in
                    NIOThreadPool.singleton.submit { state in
                        switch state {
                        case .active: work(true)
                        case .cancelled: work(false)
                        }
                    }
                }, whenDown: whenDown)
        }
    }

    private static func picture(_ seed: UInt8) -> SampleJPEG {
        var sample = SampleJPEG()
        sample.scan = sample.scan.map { $0 ^ (seed & 0x3F) }
        return sample
    }

    @Test("MJPEG comes as the camera made it, without being decoded, live and when the camera is gone")
    func passesThrough() async throws {
        let camera = try await Camera()
        try await camera.send((0..<5).map { Self.picture($0) })
        // A scan that no decoder would take.
        let scan = Self.picture(4).scan
        let result = await camera.service().snapshot(of: Camera.path, width: nil)
        guard case .picture(let live, _, _, _) = result else {
            Issue.record("\(result)")
            return
        }
        #expect(Array(live.readableBytesView).suffix(scan.count + 2) == (scan + [0xFF, 0xD9])[...])
        try await camera.end()
        // Nobody had asked this one before.
        let begun = NIODeadline.now()
        guard case .picture(let last, _, _, let age) = await camera.service().snapshot(of: Camera.path, width: nil)
        else {
            Issue.record("no picture")
            return
        }
        #expect(NIODeadline.now() - begun < .seconds(3))
        #expect(last == live && (95...101).contains(age))
    }

    @Test("A picture grows older, whatever becomes of the wall clock")
    func clockIsSet() async throws {
        let camera = try await Camera()
        try await camera.send([Self.picture(1)])
        let wallClock = Locked<Int64>(1_700_000_100_000_000_000)
        let service = camera.service(wallClock: { wallClock.value })
        guard case .picture(_, _, _, let before) = await service.snapshot(of: Camera.path, width: nil) else {
            Issue.record("no picture")
            return
        }
        try await camera.end()
        // An hour back.
        wallClock.change { $0 -= 3_600_000_000_000 }
        guard case .picture(_, _, _, let after) = await service.snapshot(of: Camera.path, width: nil) else {
            Issue.record("no picture")
            return
        }
        #expect((95...101).contains(before) && (before...before + 5).contains(after))
    }

    @Test("A camera that is down is answered at once: by choice with 503, and so where there never was a picture")
    func down() async throws {
        let camera = try await Camera()
        try await camera.send([Self.picture(1)])
        let service = camera.service(.none)
        guard case .picture = await service.snapshot(of: Camera.path, width: nil) else {
            Issue.record("no picture")
            return
        }
        try await camera.end()
        let begun = NIODeadline.now()
        guard case .unavailable(let reason) = await camera.service(.none).snapshot(of: Camera.path, width: nil) else {
            Issue.record("a picture")
            return
        }
        #expect(reason == "the camera is down")
        let dark = try await Camera()
        try await dark.send([])
        try await dark.end()
        guard case .unavailable = await dark.service().snapshot(of: Camera.path, width: nil) else {
            Issue.record("a picture")
            return
        }
        #expect(NIODeadline.now() - begun < .seconds(3))
    }
}
