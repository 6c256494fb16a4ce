import NIOCore

/// Brings AAC into the form of RFC 3640, `mode=AAC-hbr`, where a camera leaves ADTS headers in it, and cuts units that are
/// longer than a packet may be.
///
/// ```
/// J1  | AU headers | ADTS header, frame | ADTS header, frame … |
/// J2  | ADTS header, frame | ADTS header, frame … |
/// becomes
///     | AU-headers-length: 16 bits | AU-size 13, AU-index 3 | … | frame | frame … |
/// ```
///
/// No unit can begin as an ADTS header does: twelve ones begin with the three that end a unit before it has begun.
struct AACRepair: Sendable {
    /// What becomes of one payload.
    enum Outcome: Equatable {
        case untouched
        /// One after the other under the packet's timestamp; the marker belongs to the last.
        case repaired([ByteBuffer])
        case unusable
    }

    /// A unit of which more fragments come.
    private struct Cut {
        let timestamp: UInt32
        /// As the camera tells it, its ADTS header included; without AU headers it tells none.
        let toldSize: Int?
        let size: Int
        /// Bytes of the unit that have not come yet.
        var remaining: Int
    }

    private let limit: Int
    private var cut: Cut?

    /// `limit`: bytes of the longest payload.
    init(limit: Int) {
        self.limit = limit
    }

    /// Forgets the unit in flight.
    mutating func reset() {
        cut = nil
    }

    mutating func repair(_ payload: ByteBuffer, timestamp: UInt32) -> Outcome {
        if let cut, cut.timestamp == timestamp { return goOn(cut, with: payload) }
        cut = nil
        if let framing = ADTSFraming(payload) { return takeBare(payload, framing, timestamp: timestamp) }
        guard let units = AccessUnits(payload) else { return .untouched }
        if units.sizes.count == 1, units.sizes[0] > units.body.readableBytes {
            return beginFragments(units, of: payload, timestamp: timestamp)
        }
        guard let cleaned = units.withoutADTS() else { return wholeUnits(units, isRepaired: false) }
        return wholeUnits(cleaned, isRepaired: true)
    }

    // MARK: Whole units

    /// Units of several timestamps cannot be parted; a single one that is too long can.
    private func wholeUnits(_ units: AccessUnits, isRepaired: Bool) -> Outcome {
        guard units.byteCount > limit, units.sizes.count == 1 else {
            return isRepaired ? .repaired([units.payload]) : .untouched
        }
        return .repaired(fragments(of: units.body, size: units.sizes[0]))
    }

    private func fragments(of bytes: ByteBuffer, size: Int) -> [ByteBuffer] {
        var rest = bytes
        var fragments: [ByteBuffer] = []
        while rest.readableBytes > 0,
            let piece = rest.readSlice(length: min(limit - AccessUnits.headLength, rest.readableBytes))
        {
            fragments.append(AccessUnits(sizes: [size], body: piece).payload)
        }
        return fragments
    }

    // MARK: Fragments

    /// The first fragment of a unit; the others of a unit that was sent whole need no attention.
    private mutating func beginFragments(_ units: AccessUnits, of payload: ByteBuffer, timestamp: UInt32) -> Outcome {
        let told = units.sizes[0]
        var body = units.body
        guard let framing = ADTSFraming(body), framing.frameLength == told else {
            return payload.readableBytes > limit ? .repaired(fragments(of: body, size: told)) : .untouched
        }
        body.moveReaderIndex(forwardBy: framing.headerLength)
        let size = told - framing.headerLength
        cut = Cut(timestamp: timestamp, toldSize: told, size: size, remaining: size - body.readableBytes)
        return body.readableBytes > 0 ? .repaired(fragments(of: body, size: size)) : .repaired([])
    }

    private mutating func goOn(_ cut: Cut, with payload: ByteBuffer) -> Outcome {
        self.cut = nil
        var body = payload
        if let told = cut.toldSize {
            guard let units = AccessUnits(payload), units.sizes == [told] else { return .unusable }
            body = units.body
        }
        guard body.readableBytes > 0, let piece = body.readSlice(length: min(cut.remaining, body.readableBytes)) else {
            return .unusable
        }
        if piece.readableBytes < cut.remaining {
            self.cut = cut
            self.cut?.remaining -= piece.readableBytes
        }
        return .repaired(fragments(of: piece, size: cut.size))
    }

    // MARK: ADTS without AU headers

    private mutating func takeBare(_ payload: ByteBuffer, _ first: ADTSFraming, timestamp: UInt32) -> Outcome {
        var rest = payload
        var frames = AccessUnits()
        var framing: ADTSFraming? = first
        while let header = framing {
            guard header.frameLength <= rest.readableBytes else {
                guard frames.sizes.isEmpty else { return .repaired([frames.payload]) }
                rest.moveReaderIndex(forwardBy: header.headerLength)
                let size = header.frameLength - header.headerLength
                cut = Cut(timestamp: timestamp, toldSize: nil, size: size, remaining: size - rest.readableBytes)
                return .repaired(fragments(of: rest, size: size))
            }
            rest.moveReaderIndex(forwardBy: header.headerLength)
            frames.append(&rest, length: header.frameLength - header.headerLength)
            framing = ADTSFraming(rest)
        }
        return wholeUnits(frames, isRepaired: true)
    }
}

/// The lengths in an ADTS header (ISO/IEC 14496-3 §1.A.2.2).
private struct ADTSFraming {
    /// 7 bytes, or 9 with a checksum.
    let headerLength: Int
    /// Of header and frame together; more than the header alone.
    let frameLength: Int

    /// `nil` for anything else, and for several frames behind one header, which cannot be told apart.
    init?(_ bytes: ByteBuffer) {
        let start = bytes.readerIndex
        guard let sync: UInt16 = bytes.getInteger(at: start), sync & 0xFFF6 == 0xFFF0,
            let lengths: UInt32 = bytes.getInteger(at: start + 2),
            let blocks: UInt8 = bytes.getInteger(at: start + 6), blocks & 3 == 0
        else { return nil }
        headerLength = sync & 1 == 1 ? 7 : 9
        frameLength = Int(lengths >> 5 & 0x1FFF)
        guard frameLength > headerLength, headerLength <= bytes.readableBytes else { return nil }
    }
}

/// A payload of `mode=AAC-hbr`: the sizes of its units, and the units.
private struct AccessUnits {
    /// Of the head of a payload with one unit.
    static let headLength = 4
    /// A size has 13 bits.
    private static let largest = 8191

    var sizes: [Int]
    var body: ByteBuffer

    init(sizes: [Int] = [], body: ByteBuffer = ByteBuffer()) {
        self.sizes = sizes
        self.body = body
    }

    /// `nil` for what is no payload of this form, and for interleaved units, which have an index.
    init?(_ payload: ByteBuffer) {
        var rest = payload
        guard let bits: UInt16 = rest.readInteger(), bits > 0, bits % 16 == 0,
            var heads = rest.readSlice(length: Int(bits) / 8)
        else { return nil }
        sizes = []
        while let head: UInt16 = heads.readInteger() {
            guard head & 7 == 0 else { return nil }
            sizes.append(Int(head >> 3))
        }
        body = rest
        let total = sizes.reduce(0, +)
        guard sizes.count == 1 || total <= body.readableBytes else { return nil }
    }

    var byteCount: Int { 2 + 2 * sizes.count + body.readableBytes }

    /// As it is sent.
    var payload: ByteBuffer {
        var payload = ByteBufferAllocator().buffer(capacity: byteCount)
        payload.writeInteger(UInt16(truncatingIfNeeded: sizes.count * 16))
        for size in sizes { payload.writeInteger(UInt16(truncatingIfNeeded: size << 3)) }
        payload.writeImmutableBuffer(body)
        return payload
    }

    /// Moves so many bytes of `bytes` here, as one unit.
    mutating func append(_ bytes: inout ByteBuffer, length: Int) {
        guard length <= Self.largest, var unit = bytes.readSlice(length: length) else { return }
        sizes.append(length)
        body.writeBuffer(&unit)
    }

    /// `nil` where no unit has an ADTS header.
    func withoutADTS() -> AccessUnits? {
        var rest = body
        var cleaned = AccessUnits()
        var isCleaned = false
        for size in sizes {
            guard var unit = rest.readSlice(length: min(size, rest.readableBytes)) else { return nil }
            if let framing = ADTSFraming(unit), framing.frameLength == size {
                unit.moveReaderIndex(forwardBy: framing.headerLength)
                isCleaned = true
            }
            cleaned.append(&unit, length: unit.readableBytes)
        }
        return isCleaned ? cleaned : nil
    }
}
