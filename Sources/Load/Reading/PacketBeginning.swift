/// The first bytes of an RTP packet (RFC 3550 §5.1), looked at where they were read; valid only there.
struct PacketBeginning {
    /// Enough for the header and the first units of an aggregate.
    static let looked = 128

    let sequenceNumber: UInt16
    let timestamp: UInt32
    let source: UInt32
    let payloadType: UInt8
    /// From the RTP header on.
    let bytes: UnsafeRawBufferPointer
    private let payloadStart: Int

    /// `nil` for RTCP, which is told by its bytes (RFC 5761 §4), and for what is no RTP.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= 12, bytes[0] & 0xC0 == 0x80, !(192...223).contains(bytes[1]) else { return nil }
        payloadType = bytes[1] & 0x7F
        sequenceNumber = UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
        timestamp = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        source = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
        self.bytes = bytes
        var start = 12 + Int(bytes[0] & 0x0F) * 4
        if bytes[0] & 0x10 != 0 {
            let words = start + 4 <= bytes.count ? Int(bytes[start + 2]) << 8 | Int(bytes[start + 3]) : bytes.count
            start += 4 + words * 4
        }
        payloadStart = min(start, bytes.count)
    }

    /// Behind contributing sources and extension, as far as it was looked at.
    var payload: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[payloadStart...]) }
}
