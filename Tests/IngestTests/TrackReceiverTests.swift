import Ingest
import Media
import NIOCore
import RTP
import TestSupport
import Testing

@Suite struct TrackReceiverTests {
    private static let now = NIODeadline.uptimeNanoseconds(5_000_000_000)

    private static func receiver(payloadTypes: [UInt8] = [96], reorders: Bool = false) -> TrackReceiver {
        let formats = payloadTypes.map { TrackFormat(payloadType: $0, codec: .h264, clockRate: 90_000) }
        return TrackReceiver(TrackDescription(kind: .video, formats: formats), reorders: reorders)
    }

    @Test("G5 a marker on payload type 72 is RTP where the track has that type, RTCP where it does not")
    func ambiguous() {
        let bytes = ByteBuffer(bytes: FakeCameraPacket.rtp(payloadType: 72, sequenceNumber: 1, timestamp: 1))
        #expect(!Self.receiver(payloadTypes: [72]).isControl(bytes, cameOnControl: false))
        #expect(Self.receiver(payloadTypes: [72]).isControl(bytes, cameOnControl: true))
        #expect(Self.receiver().isControl(bytes, cameOnControl: false))
        let plain = ByteBuffer(bytes: FakeCameraPacket.rtp(sequenceNumber: 1, timestamp: 1))
        #expect(!Self.receiver().isControl(plain, cameOnControl: true))
        #expect(!Self.receiver().isControl(ByteBuffer(), cameOnControl: true))
    }

    @Test("H4 the deadline is that of the packet that waits longest, and what waited is delivered then")
    func deadline() throws {
        var receiver = Self.receiver(reorders: true)
        var delivered: [UInt16] = []
        for number in [1, 3, 4] as [UInt16] {
            let bytes = FakeCameraPacket.rtp(sequenceNumber: number, timestamp: 0)
            try receiver.receive(RTPPacket(validating: ByteBuffer(bytes: bytes)), at: Self.now) { packet, _ in
                delivered.append(packet.sequenceNumber.rawValue)
            }
        }
        #expect(delivered == [1])
        let deadline = try #require(receiver.deadline)
        #expect(deadline - Self.now <= .milliseconds(100))
        receiver.expired(at: deadline) { packet, _ in delivered.append(packet.sequenceNumber.rawValue) }
        #expect(delivered == [1, 3, 4])
        #expect(receiver.deadline == nil)
        #expect(receiver.counters.packets == 3)
        #expect(receiver.counters.lost == 1)
        #expect(receiver.reportBlocks(at: deadline).map(\.cumulativeLost) == [1])
    }

    @Test("Seeded garbage never traps, and delivers no more than was received")
    func garbage() {
        var generator = LinearCongruential(seed: 20_260_801)
        var receiver = Self.receiver(payloadTypes: [96, 97], reorders: true)
        let valid = FakeCameraPacket.rtp(sequenceNumber: 65_530, timestamp: 4_294_967_000)
        let report: [UInt8] = [0x81, 200, 0, 12] + [UInt8](repeating: 3, count: 48)
        var delivered = 0
        for round in 0..<4_000 {
            var bytes = round.isMultiple(of: 3) ? report : valid
            for _ in 0..<3 {
                bytes[Int(generator.next() % UInt32(bytes.count))] = UInt8(truncatingIfNeeded: generator.next())
            }
            let buffer = ByteBuffer(bytes: bytes.prefix(Int(generator.next() % UInt32(bytes.count + 1))))
            let now = Self.now + .milliseconds(Int64(round))
            if receiver.isControl(buffer, cameOnControl: round.isMultiple(of: 2)) {
                #expect(receiver.receiveControl(buffer, at: now).senderReports.count <= 2)
            } else if let packet = try? RTPPacket(validating: buffer) {
                receiver.receive(packet, at: now) { _, _ in delivered += 1 }
            }
            receiver.expired(at: now) { _, _ in delivered += 1 }
            _ = receiver.reportBlocks(at: now)
        }
        #expect(delivered <= 4_000)
        #expect(receiver.counters.packets == UInt64(delivered))
    }
}

struct LinearCongruential {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt32 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt32(truncatingIfNeeded: state >> 33)
    }
}
