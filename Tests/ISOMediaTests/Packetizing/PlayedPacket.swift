import NIOCore
import RTP

@testable import ISOMedia

/// One packet that a reader wrote, taken apart again.
struct PlayedPacket {
    var payload: [UInt8]
    var timestamp: UInt32
    var marker: Bool
    var payloadType: UInt8
    var traits: PacketBatch.Traits
    var due: Int64

    /// Those of one sample, whose timestamps are media times.
    static func packets(ofSample index: Int, _ reader: inout any TrackPackets) throws -> [PlayedPacket] {
        var batch = PacketBatch(heading: PacketHeading(channel: 0, ssrc: 1, sequenceNumber: 7, timestampOrigin: 0))
        try reader.write(sample: index, to: &batch)
        return try packets(of: batch)
    }

    static func packets(of batch: PacketBatch) throws -> [PlayedPacket] {
        try batch.entries.map { entry in
            guard let bytes = batch.bytes.getSlice(at: entry.offset, length: entry.length) else {
                throw MovieError.truncated(at: Int64(entry.offset))
            }
            let packet = try RTPPacket(validating: bytes)
            return PlayedPacket(
                payload: Array(buffer: packet.payload), timestamp: packet.timestamp, marker: packet.marker,
                payloadType: packet.payloadType, traits: entry.traits, due: entry.due)
        }
    }
}

/// What a receiver makes of payloads, by the letter of their RFCs; `nil` where it would complain.
enum Depacketizing {
    /// The NAL units, none in an aggregate (RFC 6184 §5.6, §5.8; RFC 7798 §4.4.1, §4.4.3).
    static func units(_ payloads: [[UInt8]], isH265: Bool) -> [[UInt8]]? {
        let length = isH265 ? 2 : 1
        var units: [[UInt8]] = []
        var open: [UInt8]?
        for payload in payloads {
            let type = isH265 ? payload[0] >> 1 & 0x3F : payload[0] & 0x1F
            guard type == (isH265 ? 49 : 28) else {
                guard open == nil, type < (isH265 ? 48 : 24) else { return nil }
                units.append(payload)
                continue
            }
            let bits = payload[length]
            guard (bits & 0x80 != 0) == (open == nil), payload.count > length + 1 else { return nil }
            if open == nil {
                open =
                    isH265 ? [payload[0] & 0x81 | (bits & 0x3F) << 1, payload[1]] : [payload[0] & 0xE0 | bits & 0x1F]
            }
            open? += payload[(length + 1)...]
            if bits & 0x40 != 0, let unit = open {
                units.append(unit)
                open = nil
            }
        }
        return open == nil ? units : nil
    }

    /// One access unit of AAC (RFC 3640 §3.3.6).
    static func aac(_ payloads: [[UInt8]]) -> [UInt8]? {
        let unit = payloads.flatMap { $0.dropFirst(4) }
        let header = [0, 16, UInt8(unit.count >> 5), UInt8(unit.count & 31) << 3]
        return payloads.allSatisfy { $0.starts(with: header) } ? unit : nil
    }

    /// Frames of MPEG audio (RFC 2250 §3.5).
    static func mpegAudio(_ payloads: [[UInt8]]) -> [UInt8]? {
        var frames: [UInt8] = []
        for payload in payloads {
            let offset = Int(payload[2]) << 8 | Int(payload[3])
            guard payload[0] == 0, payload[1] == 0, offset == 0 || offset == frames.count else { return nil }
            frames += payload.dropFirst(4)
        }
        return frames
    }

    /// A picture of H.263 (RFC 4629 §5).
    static func h263(_ payloads: [[UInt8]]) -> [UInt8] {
        payloads.flatMap { ($0[0] & 4 != 0 ? [0, 0] : []) + $0.dropFirst(2) }
    }

    /// The scan of a JPEG picture (RFC 2435 §3.1), without restart intervals.
    static func jpegScan(_ payloads: [[UInt8]]) -> [UInt8]? {
        var scan: [UInt8] = []
        for payload in payloads {
            let offset = Int(payload[1]) << 16 | Int(payload[2]) << 8 | Int(payload[3])
            guard offset == scan.count, payload[4] <= 1, payload[5] == 255 else { return nil }
            let tables = offset == 0 ? 4 + (Int(payload[10]) << 8 | Int(payload[11])) : 0
            scan += payload.dropFirst(8 + tables)
        }
        return scan
    }
}
