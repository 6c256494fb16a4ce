import NIOCore

/// A validated view of one RTP packet (RFC 3550 §5.1).
///
/// ```
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// ┌───┬─┬─┬───────┬─┬─────────────┬───────────────────────────────┐
/// │V=2│P│X│  CC   │M│     PT      │       sequence number         │
/// ├───┴─┴─┴───────┴─┴─────────────┴───────────────────────────────┤
/// │                           timestamp                           │
/// ├───────────────────────────────────────────────────────────────┤
/// │                 synchronization source (SSRC)                 │
/// ├───────────────────────────────────────────────────────────────┤
/// │            CC × contributing source (CSRC), 32 bits           │
/// ├───────────────────────────────┬───────────────────────────────┤
/// │ X: defined by profile         │ length in 32-bit words        │
/// ├───────────────────────────────┴───────────────────────────────┤
/// │ X: length words of extension                                  │
/// ├───────────────────────────────────────────────────────────────┤
/// │ payload …                    │ P: padding, last octet = count │
/// └───────────────────────────────────────────────────────────────┘
/// ```
package struct RTPPacket: Sendable {
    /// Bytes of a header without contributing sources and extension.
    package static let headerLength = 12

    package var marker: Bool
    /// 0–127.
    package var payloadType: UInt8
    package var sequenceNumber: SequenceNumber
    package var timestamp: UInt32
    package var ssrc: UInt32
    /// The payload without contributing sources, extension and padding: a slice of the buffer given, not a copy.
    package var payload: ByteBuffer

    /// Puts a packet together out of its fields.
    package init(
        marker: Bool,
        payloadType: UInt8,
        sequenceNumber: SequenceNumber,
        timestamp: UInt32,
        ssrc: UInt32,
        payload: ByteBuffer
    ) {
        self.marker = marker
        self.payloadType = payloadType & 0x7F
        self.sequenceNumber = sequenceNumber
        self.timestamp = timestamp
        self.ssrc = ssrc
        self.payload = payload
    }

    /// Checks the readable bytes as one packet; header extensions are skipped, whatever they hold (quirk H15).
    package init(validating buffer: ByteBuffer) throws(RTPPacketError) {
        let start = buffer.readerIndex
        let length = buffer.readableBytes
        guard length >= Self.headerLength else { throw .tooShort(bytes: length) }
        let (first, ssrc) = buffer.withUnsafeReadableBytes { bytes in
            (
                UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
            )
        }
        let bits = UInt16(truncatingIfNeeded: first >> 48)
        guard bits >> 14 == 2 else { throw .wrongVersion(UInt8(bits >> 14)) }

        var payloadStart = Self.headerLength + Int(bits >> 8 & 0x0F) * 4
        guard payloadStart <= length else { throw .truncatedContributingSources }
        if bits & 0x1000 != 0 {
            guard payloadStart + 4 <= length,
                let words = buffer.getInteger(at: start + payloadStart + 2, as: UInt16.self)
            else { throw .truncatedExtension }
            payloadStart += 4 + Int(words) * 4
            guard payloadStart <= length else { throw .truncatedExtension }
        }
        var payloadEnd = length
        if bits & 0x2000 != 0 {
            let padding = buffer.getInteger(at: start + length - 1, as: UInt8.self) ?? 0
            guard padding > 0, Int(padding) <= length - payloadStart else { throw .invalidPadding(padding) }
            payloadEnd -= Int(padding)
        }
        guard let payload = buffer.getSlice(at: start + payloadStart, length: payloadEnd - payloadStart) else {
            throw .tooShort(bytes: length)
        }
        self.init(
            marker: bits & 0x80 != 0,
            payloadType: UInt8(bits & 0x7F),
            sequenceNumber: SequenceNumber(UInt16(truncatingIfNeeded: first >> 32)),
            timestamp: UInt32(truncatingIfNeeded: first),
            ssrc: ssrc,
            payload: payload
        )
    }

    /// The 12 bytes of a header without padding, extension and contributing sources, as numbers to be written in network order.
    package static func header(
        marker: Bool,
        payloadType: UInt8,
        sequenceNumber: UInt16,
        timestamp: UInt32,
        ssrc: UInt32
    ) -> (UInt32, timestamp: UInt32, ssrc: UInt32) {
        let bits = 0x8000 | (marker ? 0x80 : 0) | UInt32(payloadType & 0x7F)
        return (bits << 16 | UInt32(sequenceNumber), timestamp, ssrc)
    }

    /// Tells an RTCP packet from an RTP packet by its second byte (RFC 5761 §4), whatever channel or port
    /// it came on: some cameras mix the two up (quirk G5).
    package static func looksLikeRTCP(_ buffer: ByteBuffer) -> Bool {
        guard let bits = buffer.getInteger(at: buffer.readerIndex, as: UInt16.self) else { return false }
        return bits >> 14 == 2 && (192...223).contains(bits & 0xFF)
    }
}

/// Why bytes are not an RTP packet; the packet is dropped and counted, the session goes on (quirk H1).
package enum RTPPacketError: Error, Sendable, Hashable {
    case tooShort(bytes: Int)
    case wrongVersion(UInt8)
    case truncatedContributingSources
    case truncatedExtension
    /// The count in the last octet: zero, or more than the payload has.
    case invalidPadding(UInt8)
}

extension RTPPacketError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tooShort(let bytes): "\(bytes) bytes are less than an RTP header; look for another sender on this port"
        case .wrongVersion(let version): "RTP version \(version) instead of 2; look for another sender on this port"
        case .truncatedContributingSources: "the RTP packet ends inside its list of contributing sources"
        case .truncatedExtension: "the RTP packet ends inside its header extension"
        case .invalidPadding(let count): "the RTP packet claims \(count) bytes of padding; look for newer firmware"
        }
    }
}
