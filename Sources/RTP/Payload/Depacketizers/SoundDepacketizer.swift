import Media
import NIOCore

/// Sound whose payloads are what a decoder takes: G.711, G.722, G.726, linear samples, Opus. It tells how long each plays.
struct SoundDepacketizer: Sendable {
    /// What a payload's length is told by.
    private enum Measure: Sendable {
        /// Of one sample of all channels.
        case bits(Int)
        /// Its own first bytes.
        case opus
    }

    private let measure: Measure
    private var hasLost = false

    /// `nil` for sound that is not understood.
    init?(_ format: TrackFormat) {
        let channels = max(format.channels ?? 1, 1)
        switch format.codec {
        case .pcmu, .pcma: measure = .bits(8 * channels)
        case .opus: measure = .opus
        case .other(let name):
            // The RTP clock of G.722 runs at half of its rate (RFC 3551 §4.5.2).
            let bits = [
                "L16": 16, "L24": 24, "L8": 8, "G722": 8, "G721": 4, "G726-16": 2, "G726-24": 3, "G726-32": 4,
                "G726-40": 5, "AAL2-G726-16": 2, "AAL2-G726-24": 3, "AAL2-G726-32": 4, "AAL2-G726-40": 5,
            ]
            guard let bits = name.flatMap({ bits[$0] }) else { return nil }
            measure = .bits(bits * channels)
        case .h264, .h265, .mjpeg, .aac: return nil
        }
    }

    mutating func receive(_ packet: RTPPacket) -> [DepacketizedUnit] {
        let size = packet.payload.readableBytes
        let duration =
            switch measure {
            case .bits(let bits): Int64(size * 8 / bits)
            case .opus: OpusPacket.duration(of: packet.payload)
            }
        guard size > 0, duration != 0 else { return [] }
        defer { hasLost = false }
        // Its own bytes: a slice would keep the pictures that came with it.
        return [
            DepacketizedUnit(
                timestamp: packet.timestamp, duration: duration, followsLoss: hasLost,
                payload: ByteBuffer(bytes: packet.payload.readableBytesView))
        ]
    }

    mutating func missed() {
        hasLost = true
    }
}
