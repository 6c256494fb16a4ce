import NIOCore
import RTP

/// Collects the packets of one read cycle into a `Burst`.
struct BurstBuilder {
    private var bytes = ByteBuffer()
    private var entries: [Burst.Entry] = []
    private var startsGroup = false
    private let allocator = ByteBufferAllocator()
    /// Room for a burst like the largest of late, so that the buffer is allocated once per burst.
    private var expectedBytes = 4096
    private var expectedEntries = 4

    var isEmpty: Bool { entries.isEmpty }

    /// Copies one packet in behind a fresh 12-byte header: CSRC lists, extensions and padding of the source stay out (H15).
    mutating func append(
        payload: ByteBuffer,
        header: OutgoingHeader,
        track: Int,
        startsGroup opensGroup: Bool
    ) {
        let length = 12 + payload.readableBytes
        guard length <= Int(UInt16.max) else { return }
        if entries.isEmpty { open(atLeast: length, opensGroup: opensGroup) }
        let offset = frame(channel: UInt8(truncatingIfNeeded: track &* 2), length: length)
        RTPPacket.writeHeader(
            into: &bytes,
            marker: header.marker,
            payloadType: header.payloadType,
            sequenceNumber: header.sequenceNumber,
            timestamp: header.timestamp,
            ssrc: header.ssrc
        )
        bytes.writeImmutableBuffer(payload)
        entries.append(
            Burst.Entry(offset: offset, length: length, track: track, isControl: false, endsAccessUnit: header.marker)
        )
    }

    /// Adds an RTCP compound packet of ours.
    mutating func append(control packet: ByteBuffer, track: Int) {
        let length = packet.readableBytes
        guard length <= Int(UInt16.max) else { return }
        if entries.isEmpty { open(atLeast: length, opensGroup: false) }
        let offset = frame(channel: UInt8(truncatingIfNeeded: track &* 2 &+ 1), length: length)
        bytes.writeImmutableBuffer(packet)
        entries.append(
            Burst.Entry(offset: offset, length: length, track: track, isControl: true, endsAccessUnit: false)
        )
    }

    /// What has come together, `nil` if nothing; the builder is empty then.
    mutating func take(at arrival: NIODeadline) -> Burst? {
        guard !entries.isEmpty else { return nil }
        expectedBytes = max(1024, bytes.readableBytes, expectedBytes - expectedBytes / 8)
        expectedEntries = max(2, entries.count)
        let burst = Burst(bytes: takeBytes(), entries: entries, arrival: arrival, startsGroup: startsGroup)
        entries = []
        startsGroup = false
        return burst
    }

    /// A packet of audio in the buffer of a key frame would hold on to all of it for as long as the ring keeps the burst.
    private mutating func takeBytes() -> ByteBuffer {
        if bytes.storageCapacity > 2 * bytes.readableBytes {
            var fitting = allocator.buffer(capacity: bytes.readableBytes)
            fitting.writeImmutableBuffer(bytes)
            bytes.clear()
            return fitting
        }
        defer { bytes = ByteBuffer() }
        return bytes
    }

    private mutating func open(atLeast length: Int, opensGroup: Bool) {
        let room = max(expectedBytes, length + Burst.framingLength)
        if !(room...4 * room).contains(bytes.storageCapacity) { bytes = allocator.buffer(capacity: room) }
        entries.reserveCapacity(expectedEntries)
        startsGroup = opensGroup
    }

    private mutating func frame(channel: UInt8, length: Int) -> Int {
        bytes.writeInteger(0x2400 | UInt16(channel))
        bytes.writeInteger(UInt16(truncatingIfNeeded: length))
        return bytes.writerIndex
    }
}

/// The header fields of one outgoing RTP packet (RFC 3550 §5.1).
struct OutgoingHeader {
    var marker: Bool
    var payloadType: UInt8
    var sequenceNumber: UInt16
    var timestamp: UInt32
    var ssrc: UInt32
}
