import NIOCore

/// RTP packets made out of a movie, one behind the other, each behind the framing of interleaved data, or for datagrams without.
///
/// ```
/// ┌─────┬─────────┬────────────┬──────────────────────────┐
/// │ '$' │ channel │ length: 16 │ RTP packet: length bytes │ …
/// └─────┴─────────┴────────────┴──────────────────────────┘
/// ```
/// One copy on the way: from what was read of the file into here.
package struct PacketBatch: Sendable {
    /// One packet of the batch.
    package struct Entry: Sendable, Hashable {
        /// Where the RTP packet begins, in bytes from the beginning of `bytes`; its framing is the four bytes before, where it has one.
        package var offset: Int
        /// Of the RTP packet, in bytes.
        package var length: Int
        /// Which of the played tracks it is of.
        package var track: Int
        /// When it is to be sent, in microseconds of the movie's presentation.
        package var due: Int64
        package var traits: Traits
    }

    /// What a sender that has to choose may know of a packet.
    package struct Traits: OptionSet, Sendable, Hashable {
        package let rawValue: UInt8

        package init(rawValue: UInt8) {
            self.rawValue = rawValue
        }

        /// The first one of a sample that decoding can begin with.
        package static let startsRandomAccess = Traits(rawValue: 1)
        /// Nothing else refers to it (a B picture).
        package static let disposable = Traits(rawValue: 2)
        /// The same data again, against loss: of no use on a reliable transport.
        package static let repeated = Traits(rawValue: 4)
    }

    /// The longest packet that its framing can tell, in bytes.
    package static let maximumPacketLength = Int(UInt16.max)

    /// The most that a batch holds, in bytes, and in packets: whoever fills it stops long before. What goes beyond is taken back like
    /// a packet that is too long.
    package static let maximumLength = 64 << 20
    package static let maximumCount = 131_072

    package internal(set) var bytes: ByteBuffer
    package internal(set) var entries: [Entry] = []
    /// Of the track whose packets are written now.
    package var heading: PacketHeading
    /// The index of that track among those that are played.
    package var track = 0
    /// Packets that are `repeated` are taken back when they end, and cost no number.
    package var leavesOutRepeated = false
    /// Packets go behind the framing of interleaved data. Not to be changed while there are any.
    package var isFramed = true
    /// Reading the file may block; else what is not in memory is `.notAtHand`.
    package var mayWait = true
    /// The bytes that it is to have: no more of the file is read ahead for it.
    var wanted = Int.max

    /// Where the packet that has begun begins, and what its entry will say.
    private var start = 0
    private var due: Int64 = 0
    private var traits: Traits = []
    /// It does not fit.
    private var isOverfull = false

    /// A batch with room for `capacity` bytes; it grows.
    package init(heading: PacketHeading, capacity: Int = 0) {
        self.heading = heading
        bytes = ByteBufferAllocator().buffer(capacity: capacity)
    }

    /// Forgets the packets and keeps the room, unless somebody else holds the bytes.
    package mutating func removeAll() {
        bytes.clear()
        entries.removeAll(keepingCapacity: true)
    }

    /// How it wants the file read.
    var reading: FileReading { FileReading(mayWait: mayWait, ahead: max(0, wanted &- bytes.readableBytes)) }

    /// Begins a packet; `append` gives it its payload, `end` ends it.
    ///
    /// `due` in microseconds of the presentation, `media` in units of the RTP clock. The sequence number is the heading's next one.
    /// Where it `hasPadding`, the last bytes appended are it.
    package mutating func begin(
        due: Int64, at media: Int64, payloadType: UInt8, marker: Bool, hasExtension: Bool = false,
        hasPadding: Bool = false, traits: Traits = []
    ) {
        start = bytes.writerIndex
        isOverfull = entries.count >= Self.maximumCount
        var head = PacketHead(heading, at: media, payloadType: payloadType, isFramed: isFramed)
        head.bits |= (hasPadding ? 0x2000 : 0) | (hasExtension ? 0x1000 : 0) | (marker ? PacketHead.marker : 0)
        bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: PacketHead.longest) { head.store(to: $0, at: 0) }
        self.due = due
        self.traits = traits
    }

    /// Adds to the payload of the packet that has begun (with its header extension before it, where it has one).
    package mutating func append(_ payload: some Collection<UInt8>) {
        if hasRoom(for: payload.count) { bytes.writeBytes(payload) }
    }

    /// Whether a run of packets fits.
    func hasRoom(for count: Int, packets: Int) -> Bool {
        packets <= Self.maximumCount - entries.count && count <= Self.maximumLength - bytes.writerIndex
    }

    private mutating func hasRoom(for count: Int) -> Bool {
        guard !isOverfull, count <= Self.maximumLength - bytes.writerIndex else {
            isOverfull = true
            return false
        }
        return true
    }

    /// Adds the 2, 3 or 4 lowest bytes of `number`, highest first: what a payload format has before its bytes.
    package mutating func append(_ number: UInt32, bytes count: Int) {
        guard hasRoom(for: 4) else { return }
        let number = number << (8 * UInt32(4 - count))
        bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: 4) { room in
            room.storeBytes(of: number.bigEndian, as: UInt32.self)
            return count
        }
    }

    /// Adds samples of sound as they are sent; what is no whole one is left out.
    mutating func append(_ samples: UnsafeRawBufferPointer, of numbers: StoredNumbers) {
        guard hasRoom(for: samples.count / numbers.size * numbers.sentSize) else { return }
        bytes.write(samples, of: numbers)
    }

    /// Adds all of `payload`: bytes where they lie in what was read.
    package mutating func append(_ payload: UnsafeRawBufferPointer) {
        guard let source = payload.baseAddress, hasRoom(for: payload.count) else { return }
        bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: payload.count) { room in
            room.baseAddress?.copyMemory(from: source, byteCount: payload.count)
            return payload.count
        }
    }

    /// Adds all of `payload`.
    package mutating func append(_ payload: ByteBuffer) {
        payload.withUnsafeReadableBytes { append($0) }
    }

    /// Ends the packet. One longer than its framing can tell, or for which there is no room, is taken back, and false.
    @discardableResult
    package mutating func end() -> Bool {
        let framingLength = isFramed ? PacketHead.framingLength : 0
        let length = bytes.writerIndex - start - framingLength
        guard !isOverfull, length <= Self.maximumPacketLength, bytes.writerIndex <= Self.maximumLength else {
            cancel()
            return false
        }
        if leavesOutRepeated, traits.contains(.repeated) {
            cancel()
            return true
        }
        if isFramed {
            let place = start + 2
            bytes.withVeryUnsafeMutableBytes { room in
                room.storeBytes(of: UInt16(length).bigEndian, toByteOffset: place, as: UInt16.self)
            }
        }
        entries.append(Entry(offset: start + framingLength, length: length, track: track, due: due, traits: traits))
        heading.sequenceNumber &+= 1
        return true
    }

    /// Takes the packets behind the first `count` back, as if they had never been; the heading's number stays.
    package mutating func takeBack(to count: Int) {
        guard count < entries.count else { return }
        bytes.moveWriterIndex(to: entries[count].offset - (isFramed ? PacketHead.framingLength : 0))
        entries.removeSubrange(count...)
    }

    /// Takes the packet that has begun back, as if it had never been.
    package mutating func cancel() {
        bytes.moveWriterIndex(to: start)
    }
}
