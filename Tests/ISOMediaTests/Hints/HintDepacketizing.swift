import Media
import RTP

@testable import ISOMedia

/// Packets of one timestamp put together again, as RFC 6184, 7798, 3640 and 6416 say: for tests, so that what our readers send is
/// judged by other code than ours.
struct ReceivedUnit: Equatable {
    var timestamp: UInt32
    /// NAL units, access units of AAC, or the bytes of a picture.
    var pieces: [[UInt8]] = []
}

enum HintDepacketizing {
    /// Whole units in order; `nil` where a packet is none of its format.
    static func units(_ packets: [RTPPacket], codec: String) -> [ReceivedUnit]? {
        var units: [ReceivedUnit] = []
        for packet in packets {
            if units.last?.timestamp != packet.timestamp { units.append(ReceivedUnit(timestamp: packet.timestamp)) }
            let bytes = Array(packet.payload.readableBytesView)
            guard add(bytes, codec: codec, to: &units[units.count - 1].pieces) else { return nil }
        }
        return units
    }

    private static func add(_ bytes: [UInt8], codec: String, to pieces: inout [[UInt8]]) -> Bool {
        switch codec {
        case "H264": return addH264(bytes, to: &pieces)
        case "H265": return addH265(bytes, to: &pieces)
        case "MPEG4-GENERIC": return addAAC(bytes, to: &pieces)
        default:
            pieces = [(pieces.first ?? []) + bytes]
            return true
        }
    }

    private static func addH264(_ bytes: [UInt8], to pieces: inout [[UInt8]]) -> Bool {
        guard let first = bytes.first else { return false }
        switch first & 0x1F {
        case 24: return addAggregate(bytes.dropFirst(1), to: &pieces)
        case 28:
            guard bytes.count > 2 else { return false }
            if bytes[1] & 0x80 != 0 { pieces.append([first & 0xE0 | bytes[1] & 0x1F]) }
            return extend(&pieces, by: bytes.dropFirst(2))
        case 1...23:
            pieces.append(bytes)
            return true
        default: return false
        }
    }

    private static func addH265(_ bytes: [UInt8], to pieces: inout [[UInt8]]) -> Bool {
        guard bytes.count > 3 else { return false }
        switch bytes[0] >> 1 & 0x3F {
        case 48: return addAggregate(bytes.dropFirst(2), to: &pieces)
        case 49:
            if bytes[2] & 0x80 != 0 { pieces.append([bytes[0] & 0x81 | (bytes[2] & 0x3F) << 1, bytes[1]]) }
            return extend(&pieces, by: bytes.dropFirst(3))
        default:
            pieces.append(bytes)
            return true
        }
    }

    private static func addAggregate(_ bytes: ArraySlice<UInt8>, to pieces: inout [[UInt8]]) -> Bool {
        var rest = bytes
        while rest.count > 2 {
            let length = Int(rest.removeFirst()) << 8 | Int(rest.removeFirst())
            guard length <= rest.count else { return false }
            pieces.append(Array(rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        return rest.isEmpty
    }

    /// AU headers of 16 bits: 13 of size, 3 of index.
    private static func addAAC(_ bytes: [UInt8], to pieces: inout [[UInt8]]) -> Bool {
        guard bytes.count > 2 else { return false }
        let count = (Int(bytes[0]) << 8 | Int(bytes[1])) / 16
        var rest = bytes.dropFirst(2 + count * 2)
        for index in 0..<count {
            let length = (Int(bytes[2 + index * 2]) << 8 | Int(bytes[3 + index * 2])) >> 3
            guard length <= rest.count else { return false }
            pieces.append(Array(rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        return rest.isEmpty
    }

    private static func extend(_ pieces: inout [[UInt8]], by bytes: ArraySlice<UInt8>) -> Bool {
        guard !pieces.isEmpty else { return false }
        pieces[pieces.count - 1] += bytes
        return true
    }
}

/// What a media track holds, cut as a receiver would have it.
func mediaUnits(of track: MovieTrack, in bytes: any RandomAccessBytes, codec: String) throws -> [[[UInt8]]] {
    var cursor = SampleCursor(track.samples)
    var units: [[[UInt8]]] = []
    while let sample = cursor.next() {
        let read = try bytes.read(at: sample.offset, count: sample.size)
        if codec == "H264" || codec == "H265" {
            guard let nalUnits = LengthPrefix.nalUnits(in: read, lengthSize: 4) else { throw Missing() }
            units.append(nalUnits.map { Array($0.readableBytesView) })
        } else {
            units.append([Array(read.readableBytesView)])
        }
    }
    return units
}
