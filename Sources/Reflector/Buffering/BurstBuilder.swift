import NIOCore
import RTP

/// Collects packets into a `Burst`.
struct BurstBuilder {
    private var bytes = ByteBuffer()
    private var entries: [Burst.Entry] = []
    /// The packets so far begin with a random access point.
    private(set) var startsGroup = false
    private var holdsReports = false
    /// The last picture has not ended; holds from one burst to the next.
    private(set) var isMidPicture = false
    /// Goes with each burst (`Burst.reportLag`); holds from one to the next.
    var reportLag: Int64 = 0
    /// Bursts that a group's begin has closed, in order: they go out before what is under way.
    private(set) var finished: [Burst] = []
    private let allocator = ByteBufferAllocator()
    /// Room for a burst like the largest of late, so that the buffer is allocated once per burst.
    private var expectedBytes = 4096
    private var expectedEntries = 4

    var isEmpty: Bool { entries.isEmpty }

    /// Copies one packet in behind a fresh 12-byte header: CSRC lists, extensions and padding of the source stay out (H15).
    /// `isPicture`: it is of the leading video track.
    mutating func append(
        payload: ByteBuffer,
        header: OutgoingHeader,
        track: Int,
        isPicture: Bool = false,
        startsGroup opensGroup: Bool
    ) {
        let length = 12 + payload.readableBytes
        guard length <= Int(UInt16.max) else { return }
        if entries.isEmpty { open(atLeast: length, opensGroup: opensGroup) }
        let (first, timestamp, ssrc) = RTPPacket.header(
            marker: header.marker,
            payloadType: header.payloadType,
            sequenceNumber: header.sequenceNumber,
            timestamp: header.timestamp,
            ssrc: header.ssrc
        )
        let framing = Self.framing(channel: UInt8(truncatingIfNeeded: track &* 2), length: length)
        let offset = bytes.writerIndex + Burst.framingLength
        // At once: each write looks anew whether the buffer is ours and large enough.
        bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: Burst.framingLength + length) { room in
            room.storeBytes(of: framing.bigEndian, as: UInt32.self)
            room.storeBytes(of: first.bigEndian, toByteOffset: 4, as: UInt32.self)
            room.storeBytes(of: timestamp.bigEndian, toByteOffset: 8, as: UInt32.self)
            room.storeBytes(of: ssrc.bigEndian, toByteOffset: 12, as: UInt32.self)
            let header = Burst.framingLength + RTPPacket.headerLength
            payload.withUnsafeReadableBytes {
                UnsafeMutableRawBufferPointer(rebasing: room[header...]).copyMemory(from: $0)
            }
            return Burst.framingLength + length
        }
        if isPicture { isMidPicture = !header.marker }
        entries.append(
            Burst.Entry(offset: offset, length: length, track: track, isControl: false, endsAccessUnit: header.marker)
        )
    }

    /// Adds an RTCP compound packet of ours.
    mutating func append(control packet: ByteBuffer, track: Int) {
        let length = packet.readableBytes
        guard length <= Int(UInt16.max) else { return }
        if entries.isEmpty { open(atLeast: length, opensGroup: false) }
        bytes.writeInteger(Self.framing(channel: UInt8(truncatingIfNeeded: track &* 2 &+ 1), length: length))
        let offset = bytes.writerIndex
        bytes.writeImmutableBuffer(packet)
        entries.append(
            Burst.Entry(offset: offset, length: length, track: track, isControl: true, endsAccessUnit: false)
        )
        holdsReports = true
    }

    /// Puts RTCP compound packets of ours before all that has come together, which costs a copy of it.
    mutating func lead(with packets: [(track: Int, packet: ByteBuffer)]) {
        guard !packets.isEmpty else { return }
        let (behind, behindEntries, behindStartsGroup) = (bytes, entries, startsGroup)
        (bytes, entries) = (ByteBuffer(), [])
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

    /// No more comes of the last picture, whether it has ended or not: its source is gone.
    mutating func sourceEnded() {
        isMidPicture = false
    }

    /// What has come together, `nil` if nothing; the builder is empty then.
    mutating func take(at arrival: NIODeadline) -> Burst? {
        guard !entries.isEmpty else { return nil }
        expectedBytes = max(1024, bytes.readableBytes, expectedBytes - expectedBytes / 8)
        expectedEntries = max(2, entries.count)
        let burst = Burst(
            bytes: takeBytes(), entries: entries, arrival: arrival, startsGroup: startsGroup,
            leavesPictureOpen: isMidPicture, holdsReports: holdsReports, reportLag: reportLag
        )
        entries = []
        startsGroup = false
        holdsReports = false
        return burst
    }

    /// Closes the burst under way, if there is one, and sets it aside.
    mutating func finish(at arrival: NIODeadline) {
        if let burst = take(at: arrival) { finished.append(burst) }
    }

    /// What was set aside since the last call, in order.
    mutating func takeFinished() -> [Burst] {
        defer { finished = [] }
        return finished
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

    /// `$`, channel, length: RFC 2326 §10.12.
    private static func framing(channel: UInt8, length: Int) -> UInt32 {
        0x2400_0000 | UInt32(channel) << 16 | UInt32(UInt16(truncatingIfNeeded: length))
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
