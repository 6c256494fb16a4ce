import NIOCore
import RTP

/// Collects the packets of one read cycle into a `Burst`.
struct BurstBuilder {
    private var bytes = ByteBuffer()
    private var entries: [Burst.Entry] = []
    /// The packets so far begin with a random access point.
    private(set) var startsGroup = false
    private let allocator = ByteBufferAllocator()
    /// Room for a burst like the last ones, so that the buffer is allocated once per burst.
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

    /// Puts RTCP compound packets of ours before all that has come together, which costs a copy of it.
    mutating func lead(with packets: [(track: Int, packet: ByteBuffer)]) {
        guard !packets.isEmpty else { return }
        let (behind, behindEntries, behindStartsGroup) = (bytes, entries, startsGroup)
        entries = []
        for (track, packet) in packets { append(control: packet, track: track) }
        let shift = bytes.writerIndex
        bytes.writeImmutableBuffer(behind)
        entries += behindEntries.map { entry in
            Burst.Entry(
                offset: entry.offset + shift, length: entry.length, track: entry.track, isControl: entry.isControl,
                endsAccessUnit: entry.endsAccessUnit
            )
        }
        startsGroup = behindStartsGroup
    }

    /// What has come together, `nil` if nothing; the builder is empty then.
    mutating func take(at arrival: NIODeadline) -> Burst? {
        guard !entries.isEmpty else { return nil }
        let burst = Burst(bytes: bytes, entries: entries, arrival: arrival, startsGroup: startsGroup)
        expectedBytes = max(1024, (expectedBytes + bytes.readableBytes) / 2)
        expectedEntries = max(2, entries.count)
        bytes = ByteBuffer()
        entries = []
        startsGroup = false
        return burst
    }

    private mutating func open(atLeast length: Int, opensGroup: Bool) {
        bytes = allocator.buffer(capacity: max(expectedBytes, length + Burst.framingLength))
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
