import NIOCore
import RTP

/// A linear congruential generator: the same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        // The low bits of such a generator have short periods.
        return state >> 33 | state << 31
    }

    /// One to four bytes changed, a piece cut off or doubled.
    mutating func mutate(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &self) where !bytes.isEmpty {
            let index = Int.random(in: 0..<bytes.count, using: &self)
            switch Int.random(in: 0..<8, using: &self) {
            case 0: bytes.removeLast(bytes.count - index)
            case 1: bytes.append(contentsOf: bytes[index...].prefix(300))
            case 2: bytes[index] = 0
            case 3: bytes.insert(contentsOf: [0, 0, 1], at: index)
            case 4: bytes.remove(at: index)
            default: bytes[index] = UInt8.random(in: 0...255, using: &self)
            }
        }
        return bytes
    }
}

/// A packet with this payload.
func packet(
    _ payload: [UInt8],
    sequence: Int = 0,
    timestamp: UInt32 = 1000,
    marker: Bool = false,
    ssrc: UInt32 = 1
) -> RTPPacket {
    RTPPacket(
        marker: marker,
        payloadType: 96,
        sequenceNumber: SequenceNumber(UInt16(truncatingIfNeeded: sequence)),
        timestamp: timestamp,
        ssrc: ssrc,
        payload: ByteBuffer(bytes: payload)
    )
}
