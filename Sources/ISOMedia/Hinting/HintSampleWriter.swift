import NIOCore

/// Writes the samples of one hint track out of packets that are ready, and counts what goes into them.
struct HintSampleWriter: Sendable {
    /// Units a second of the hint track, and of RTP.
    let clockRate: UInt32
    private(set) var counts = HintCounts()
    private var sequence: UInt16 = 1
    private var number: UInt32 = 0

    init(clockRate: UInt32) {
        self.clockRate = clockRate
    }

    private struct Packet {
        var entry: PacketBatch.Entry
        var payload: ByteBuffer
        var bits: UInt16
        var timestampOffset: Int32
        var pieces: [PayloadPiece]

        /// Without the payload that stands behind the packets.
        var length: Int { 12 + (timestampOffset != 0 ? 16 : 0) + 16 * pieces.count }
    }

    /// The next sample: the packets of `batch`, whose timestamps count from the movie's beginning, as `timestamp` does, that of the
    /// sample. `media` is the sample they are made of, where they are to refer to it, with its number from 1.
    mutating func sample(
        of batch: PacketBatch, at timestamp: UInt32, media: (bytes: ByteBuffer, number: UInt32)?
    ) -> ByteBuffer {
        number += 1
        var tracing = PayloadTracing()
        let packets = batch.entries.compactMap { entry -> Packet? in
            guard let head = batch.bytes.getInteger(at: entry.offset, as: UInt64.self),
                let payload = batch.bytes.getSlice(at: entry.offset + 12, length: entry.length - 12)
            else { return nil }
            let told = UInt32(truncatingIfNeeded: head)
            return Packet(
                entry: entry, payload: payload, bits: UInt16(truncatingIfNeeded: head >> 48) & 0x30FF,
                timestampOffset: Int32(bitPattern: told &- timestamp),
                pieces: media.map { tracing.pieces(of: payload, in: $0.bytes) } ?? [.own(0..<payload.readableBytes)])
        }
        var sample = ByteBuffer()
        var trailing = ByteBuffer()
        let start = packets.reduce(4) { $0 + $1.length }
        sample.writeMultipleIntegers(UInt16(clamping: packets.count), 0 as UInt16)
        for packet in packets.prefix(Int(UInt16.max)) {
            writeHead(of: packet, to: &sample)
            for piece in packet.pieces {
                write(piece, of: packet, media: media?.number, trailingAt: start, to: &sample, &trailing)
            }
            counts.count(payload: packet.payload.readableBytes, due: packet.entry.due, traits: packet.entry.traits)
        }
        sample.writeImmutableBuffer(trailing)
        return sample
    }

    private mutating func writeHead(of packet: Packet, to sample: inout ByteBuffer) {
        let traits = packet.entry.traits
        var flags: UInt16 = packet.timestampOffset != 0 ? 4 : 0
        if traits.contains(.disposable) { flags |= 2 }
        if traits.contains(.repeated) { flags |= 1 }
        sample.writeMultipleIntegers(0 as UInt32, packet.bits, sequence, flags, UInt16(clamping: packet.pieces.count))
        sequence &+= 1
        guard packet.timestampOffset != 0 else { return }
        sample.writeMultipleIntegers(16 as UInt32, 12 as UInt32, FourCC("rtpo").code, packet.timestampOffset)
    }

    private mutating func write(
        _ piece: PayloadPiece, of packet: Packet, media: UInt32?, trailingAt start: Int, to sample: inout ByteBuffer,
        _ trailing: inout ByteBuffer
    ) {
        switch piece {
        case .media(let offset, let length):
            counts.mediaBytes += UInt64(length)
            sample.writeMultipleIntegers(
                2 as UInt8, 0 as UInt8, UInt16(clamping: length), media ?? 0, UInt32(clamping: offset), 1 as UInt16,
                1 as UInt16)
        case .own(let range) where range.count < PayloadTracing.shortest:
            counts.immediateBytes += UInt64(range.count)
            sample.writeMultipleIntegers(1 as UInt8, UInt8(range.count))
            sample.writeImmutableBuffer(Self.slice(packet.payload, range))
            sample.writeZeros(14 - range.count)
        case .own(let range):
            counts.immediateBytes += UInt64(range.count)
            let offset = start + trailing.readableBytes
            trailing.writeImmutableBuffer(Self.slice(packet.payload, range))
            sample.writeMultipleIntegers(
                2 as UInt8, -1 as Int8, UInt16(clamping: range.count), number, UInt32(clamping: offset), 1 as UInt16,
                1 as UInt16)
        }
    }

    private static func slice(_ payload: ByteBuffer, _ range: Range<Int>) -> ByteBuffer {
        payload.getSlice(at: payload.readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
    }
}
