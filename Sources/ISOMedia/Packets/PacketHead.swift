/// The bytes before the payload of a packet: its framing as interleaved data, where it has one (RFC 2326 §10.12), and its RTP header
/// (RFC 3550 §5.1).
///
/// ```
/// ┌─────┬─────────┬────────────┬──────────┬────────────────┬───────────┬──────┐
/// │ '$' │ channel │ length: 16 │ bits: 16 │ sequence: 16   │ time: 32  │ ssrc │
/// └─────┴─────────┴────────────┴──────────┴────────────────┴───────────┴──────┘
/// ```
struct PacketHead {
    static let framingLength = 4
    static let headerLength = 12
    static let longest = framingLength + headerLength
    /// The bit of `bits` that is the marker.
    static let marker: UInt16 = 0x80

    /// Version, padding, extension, marker and payload type.
    var bits: UInt16
    var sequenceNumber: UInt16
    /// Of the RTP packet, in bytes; 0 while it is not known.
    var length: UInt16 = 0
    private let channel: UInt8
    private let timestamp: UInt32
    private let ssrc: UInt32
    private let isFramed: Bool

    /// Of a packet without marker, padding and extension; `media` in units of the RTP clock.
    init(_ heading: PacketHeading, at media: Int64, payloadType: UInt8, isFramed: Bool) {
        bits = 0x8000 | UInt16(payloadType & 0x7F)
        sequenceNumber = heading.sequenceNumber
        channel = heading.channel
        timestamp = heading.timestamp(at: media)
        ssrc = heading.ssrc
        self.isFramed = isFramed
    }

    /// Bytes that it takes.
    var byteCount: Int { isFramed ? Self.longest : Self.headerLength }

    /// Writes it to `room`, which has `longest` bytes from `place` on; the bytes that it takes.
    @discardableResult
    func store(to room: UnsafeMutableRawBufferPointer, at place: Int) -> Int {
        let framing = UInt32(UInt8(ascii: "$")) << 24 | UInt32(channel) << 16 | UInt32(length)
        let numbers = UInt32(bits) << 16 | UInt32(sequenceNumber)
        // Without framing the header is written over it.
        let header = place + byteCount - Self.headerLength
        room.storeBytes(of: framing.bigEndian, toByteOffset: place, as: UInt32.self)
        room.storeBytes(of: numbers.bigEndian, toByteOffset: header, as: UInt32.self)
        room.storeBytes(of: timestamp.bigEndian, toByteOffset: header + 4, as: UInt32.self)
        room.storeBytes(of: ssrc.bigEndian, toByteOffset: header + 8, as: UInt32.self)
        return byteCount
    }
}
