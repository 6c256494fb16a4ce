import Media
import NIOCore

/// Frames of AAC out of RFC 3640: several a packet behind their AU headers, or one in fragments. Interleaved frames, which nobody sends,
/// are left out.
struct AACDepacketizer: Sendable {
    /// The longest frame of AAC is 6144 bits a channel: a size beyond this is none.
    private static let largestFrame = 64 * 1024

    /// The frame whose end has not come.
    private struct Fragments: Sendable {
        var timestamp: UInt32
        var size: Int
        var bytes: ByteBuffer
    }

    private let lengths: AACHeaderLengths
    private let frameDuration: Int64
    private var fragments: Fragments?
    private var hasLost = false

    /// `nil` where nobody knows the clock.
    init?(_ format: TrackFormat) {
        guard let clockRate = format.clockRate, clockRate > 0 else { return nil }
        lengths = AACHeaderLengths(format.parameters)
        var samples = 1024.0
        if case .aac(let bytes) = format.configuration, let parsed = AudioSpecificConfig(parsing: bytes),
            parsed.sampleRate > 0
        {
            // The low delay coders have half as many (ISO/IEC 14496-3 §4.5.1.1).
            if [23, 39].contains(parsed.objectType) { samples = 512 }
            // With spectral band replication the clock may run twice as fast as the frames are long.
            samples *= Double(clockRate) / Double(parsed.sampleRate)
        }
        guard samples >= 1, samples <= 1e6 else { return nil }
        frameDuration = Int64(samples.rounded())
    }

    mutating func receive(_ packet: RTPPacket) -> [DepacketizedUnit] {
        guard let (sizes, body) = split(packet.payload), let first = sizes.first else {
            missed()
            return []
        }
        if sizes.count == 1, first > body.readableBytes {
            return collect(body, size: first, of: packet)
        }
        // A frame in fragments that never came to its end is dropped.
        if fragments.take() != nil { hasLost = true }
        var rest = body
        var units: [DepacketizedUnit] = []
        for (place, size) in sizes.enumerated() {
            guard let frame = rest.readSlice(length: size) else {
                hasLost = true
                break
            }
            guard size > 0 else { continue }
            units.append(unit(frame, timestamp: packet.timestamp, later: Int64(place) * frameDuration))
        }
        return units
    }

    mutating func missed() {
        fragments = nil
        hasLost = true
    }

    private mutating func collect(_ body: ByteBuffer, size: Int, of packet: RTPPacket) -> [DepacketizedUnit] {
        var known = fragments.take() ?? Fragments(timestamp: packet.timestamp, size: size, bytes: ByteBuffer())
        if known.timestamp != packet.timestamp || known.size != size {
            hasLost = true
            known = Fragments(timestamp: packet.timestamp, size: size, bytes: ByteBuffer())
        }
        known.bytes.writeImmutableBuffer(body)
        guard known.bytes.readableBytes >= size else {
            fragments = known
            return []
        }
        guard known.bytes.readableBytes == size else {
            hasLost = true
            return []
        }
        return [unit(known.bytes, timestamp: packet.timestamp, later: 0)]
    }

    private mutating func unit(_ frame: ByteBuffer, timestamp: UInt32, later: Int64) -> DepacketizedUnit {
        defer { hasLost = false }
        // Its own bytes: a slice would keep the pictures that came with it.
        return DepacketizedUnit(
            timestamp: timestamp, later: later, duration: frameDuration, followsLoss: hasLost,
            payload: ByteBuffer(bytes: frame.readableBytesView))
    }

    /// The sizes that the AU headers tell, and what stands behind them; `nil` for what is no payload of this form (§3.2.1).
    private func split(_ payload: ByteBuffer) -> (sizes: [Int], body: ByteBuffer)? {
        var rest = payload
        guard let bits: UInt16 = rest.readInteger(), bits > 0, let heads = rest.readBytes(length: (Int(bits) + 7) / 8)
        else { return nil }
        var reader = BitReader(heads)
        var left = Int(bits)
        var sizes: [Int] = []
        do {
            while left >= lengths.size {
                let size = Int(try reader.read(lengths.size))
                let indexLength = sizes.isEmpty ? lengths.index : lengths.indexDelta
                guard try reader.read(indexLength) == 0, size <= Self.largestFrame else { return nil }
                sizes.append(size)
                left -= lengths.size + indexLength
            }
        } catch {
            return nil
        }
        return (sizes, rest)
    }
}
