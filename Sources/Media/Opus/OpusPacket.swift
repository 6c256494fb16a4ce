import NIOCore

/// A packet of Opus, as far as its first bytes tell (RFC 6716 §3.1).
///
/// ```
/// | configuration 5 | stereo 1 | frames: 0 one, 1 and 2 two, 3 as the next byte tells | VBR 1 | padding 1 | count 6 | …
/// ```
package enum OpusPacket {
    /// Of RTP and of every count of samples, in Hz, whatever the sound was sampled at (RFC 7587 §4.1).
    package static let clockRate = 48_000

    /// How long it plays in units of 48 kHz: at most 120 ms. `nil` for an empty one, and where it claims more.
    package static func duration(of packet: ByteBuffer) -> Int64? {
        guard let contents: UInt8 = packet.getInteger(at: packet.readerIndex) else { return nil }
        let count: Int64
        switch contents & 3 {
        case 0: count = 1
        case 1, 2: count = 2
        default:
            guard let counted: UInt8 = packet.getInteger(at: packet.readerIndex + 1) else { return nil }
            count = Int64(counted & 63)
        }
        let duration = count * frameDuration(of: contents >> 3)
        return (1...5760).contains(duration) ? duration : nil
    }

    /// Table 2: SILK, hybrid and CELT have their own lengths.
    private static func frameDuration(of configuration: UInt8) -> Int64 {
        switch configuration {
        case 0..<12: [480, 960, 1920, 2880][Int(configuration & 3)]
        case 12..<16: [480, 960][Int(configuration & 1)]
        default: [120, 240, 480, 960][Int(configuration & 3)]
        }
    }
}
