import NIOCore
import RTP

/// MPEG-TS packets of 188 bytes as they come in a datagram, bare or behind an RTP header (RFC 2250 §2).
struct TransportStreamDatagram {
    /// Bytes of one packet (ISO/IEC 13818-1 §2.4.3.2).
    static let packetSize = 188
    private static let syncByte: UInt8 = 0x47

    /// The packets.
    let bytes: ByteBuffer
    /// The RTP packet they came in.
    let carrier: RTPPacket?

    /// `nil` for anything else: each packet begins with its sync byte.
    init?(_ datagram: ByteBuffer) {
        if Self.isTransportStream(datagram) {
            bytes = datagram
            carrier = nil
        } else if let packet = try? RTPPacket(validating: datagram), Self.isTransportStream(packet.payload) {
            bytes = packet.payload
            carrier = packet
        } else {
            return nil
        }
    }

    static func isTransportStream(_ bytes: ByteBuffer) -> Bool {
        let length = bytes.readableBytes
        guard length > 0, length.isMultiple(of: packetSize) else { return false }
        return stride(from: bytes.readerIndex, to: bytes.writerIndex, by: packetSize).allSatisfy {
            bytes.getInteger(at: $0, as: UInt8.self) == syncByte
        }
    }
}
