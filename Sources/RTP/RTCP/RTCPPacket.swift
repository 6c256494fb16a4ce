import NIOCore

/// One packet of an RTCP compound (RFC 3550 §6.1).
package enum RTCPPacket: Sendable, Hashable {
    case senderReport(SenderReport)
    case receiverReport(ReceiverReport)
    /// One chunk of an SDES packet; a packet with several chunks gives several of these.
    case sourceDescription(SourceDescription)
    case goodbye(Goodbye)
    /// APP, feedback, extended reports: what the relay has no use for.
    case other(type: UInt8)

    /// Most values one compound gives; the rest of it is left unread.
    package static let maximumCount = 128

    /// Everything readable up to the first malformed packet; never throws, for cameras send broken RTCP
    /// for as long as they run (quirks H8, H9).
    package static func parseCompound(_ buffer: ByteBuffer) -> [RTCPPacket] {
        var rest = buffer
        var packets: [RTCPPacket] = []
        while packets.count < maximumCount, let header = RTCPHeader(from: &rest),
            var body = rest.readSlice(length: min(header.bodyLength, rest.readableBytes))
        {
            guard header.append(from: &body, to: &packets) else { break }
        }
        return packets
    }
}

/// The first four bytes of every RTCP packet (RFC 3550 §6.4.1).
///
/// ```
/// ┌───┬─┬─────────┬───────────────┬───────────────────────────────┐
/// │V=2│P│ count   │  packet type  │ length: 32-bit words, minus 1 │
/// └───┴─┴─────────┴───────────────┴───────────────────────────────┘
/// ```
struct RTCPHeader {
    var count: Int
    var packetType: UInt8
    /// Bytes behind these four.
    var bodyLength: Int

    init(count: Int, packetType: UInt8, bodyLength: Int) {
        self.count = count
        self.packetType = packetType
        self.bodyLength = bodyLength
    }

    init?(from buffer: inout ByteBuffer) {
        guard
            let (first, type, words) = buffer.readMultipleIntegers(as: (UInt8, UInt8, UInt16).self),
            first >> 6 == 2
        else { return nil }
        self.init(count: Int(first & 0x1F), packetType: type, bodyLength: Int(words) * 4)
    }

    func write(into buffer: inout ByteBuffer) {
        buffer.writeMultipleIntegers(
            0x80 | UInt8(truncatingIfNeeded: count & 0x1F), packetType, UInt16(truncatingIfNeeded: bodyLength / 4)
        )
    }

    /// Reads the body of this header; `false` where it is too short for its type.
    func append(from body: inout ByteBuffer, to packets: inout [RTCPPacket]) -> Bool {
        switch packetType {
        case SenderReport.packetType:
            guard let report = SenderReport(from: &body, reportCount: count) else { return false }
            packets.append(.senderReport(report))
        case ReceiverReport.packetType:
            guard let report = ReceiverReport(from: &body, reportCount: count) else { return false }
            packets.append(.receiverReport(report))
        case SourceDescription.packetType:
            for _ in 0..<count where packets.count < RTCPPacket.maximumCount {
                guard let chunk = SourceDescription(from: &body) else { return false }
                packets.append(.sourceDescription(chunk))
            }
        case Goodbye.packetType:
            packets.append(.goodbye(Goodbye(from: &body, sourceCount: count)))
        default:
            packets.append(.other(type: packetType))
        }
        return true
    }
}
