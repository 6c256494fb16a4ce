import RTP

extension PacketBatch {
    /// What the packets of a NAL unit have in common.
    struct UnitTraits {
        /// When they are to be sent, in microseconds of the presentation.
        var due: Int64
        /// In units of the RTP clock.
        var time: Int64
        var payloadType: UInt8
        /// The last packet ends the access unit.
        var endsAccessUnit: Bool
        /// Of the first packet.
        var first: Traits
        /// Of those behind it.
        var others: Traits
    }

    /// Adds the packets of a NAL unit, as `begin`, `append` and `end` would one by one: the room for all of them is made at once, for
    /// a unit of a large picture has some hundred. Where they do not fit, all are left out.
    mutating func append(_ unit: UnsafeRawBufferPointer, in pieces: consuming NALUnitPieces, _ traits: UnitTraits) {
        let most = pieces.most
        // One more, for headers are written in pieces of four bytes.
        let room = unit.count + (most + 1) * (PacketHead.longest + NALUnitPieces.longestHeader)
        guard pieces.limit <= Self.maximumPacketLength - PacketHead.headerLength, hasRoom(for: room, packets: most)
        else { return }
        var writer = UnitWriter(
            unit: unit, traits: traits, track: track, start: bytes.writerIndex,
            head: PacketHead(heading, at: traits.time, payloadType: traits.payloadType, isFramed: isFramed))
        var entries: [Entry] = []
        swap(&entries, &self.entries)
        bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { room in
            while let piece = pieces.nextPiece() { writer.write(piece, to: room, &entries) }
            return writer.place
        }
        swap(&entries, &self.entries)
        heading.sequenceNumber = writer.head.sequenceNumber
    }
}

/// Writes the packets of one unit.
private struct UnitWriter {
    let unit: UnsafeRawBufferPointer
    let traits: PacketBatch.UnitTraits
    let track: Int
    /// Where the room begins in the batch, in bytes.
    let start: Int
    /// Of the next packet.
    var head: PacketHead
    /// How much of the room is written.
    var place = 0

    mutating func write(
        _ piece: NALUnitPieces.Piece, to room: UnsafeMutableRawBufferPointer, _ entries: inout [PacketBatch.Entry]
    ) {
        let length = PacketHead.headerLength + piece.headerLength + piece.range.count
        head.length = UInt16(truncatingIfNeeded: length)
        if piece.isLast, traits.endsAccessUnit { head.bits |= PacketHead.marker }
        let isFirst = place == 0
        place += head.store(to: room, at: place)
        entries.append(
            PacketBatch.Entry(
                offset: start + place - PacketHead.headerLength, length: length, track: track, due: traits.due,
                traits: isFirst ? traits.first : traits.others))
        // Four bytes; the payload goes over what is too much.
        let header = piece.header << (8 * UInt32(4 - piece.headerLength))
        if piece.headerLength > 0 { room.storeBytes(of: header.bigEndian, toByteOffset: place, as: UInt32.self) }
        place += piece.headerLength
        if let from = unit.baseAddress, let to = room.baseAddress {
            (to + place).copyMemory(from: from + piece.range.lowerBound, byteCount: piece.range.count)
        }
        place += piece.range.count
        head.sequenceNumber &+= 1
    }
}
