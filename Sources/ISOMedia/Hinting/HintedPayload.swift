import NIOCore

/// Where the bytes of a payload come from, when it is written into a hint sample.
enum PayloadPiece: Sendable, Hashable {
    /// Bytes that only the payload has, by their place in it.
    case own(Range<Int>)
    /// Bytes of the media sample.
    case media(offset: Int, length: Int)
}

/// Finds payloads in the media sample that they were made of, whatever the payload format: packet by packet, the sample's bytes come
/// one behind the other, with a few of the format's own before them.
struct PayloadTracing: Sendable {
    /// Fewer bytes fit the constructor itself.
    static let shortest = 15
    /// The headers of payload formats, and what stands between two NAL units of a sample.
    private static let reach = 24
    /// Looking through all of a sample, where it does not go on behind the last packet.
    private var searches = 8
    private var place = 0

    /// The pieces in order; all of it its own, where nothing is found.
    mutating func pieces(of payload: ByteBuffer, in media: ByteBuffer) -> [PayloadPiece] {
        payload.withUnsafeReadableBytes { payload in
            media.withUnsafeReadableBytes { pieces(of: payload, in: $0) }
        }
    }

    private mutating func pieces(
        of payload: UnsafeRawBufferPointer, in media: UnsafeRawBufferPointer
    ) -> [PayloadPiece] {
        var pieces: [PayloadPiece] = []
        var start = 0
        while payload.count - start >= Self.shortest, let found = find(payload, from: start, in: media) {
            if found.payload > start { pieces.append(.own(start..<found.payload)) }
            pieces.append(.media(offset: found.media, length: found.length))
            start = found.payload + found.length
            place = found.media + found.length
        }
        if start < payload.count { pieces.append(.own(start..<payload.count)) }
        return pieces
    }

    private mutating func find(
        _ payload: UnsafeRawBufferPointer, from start: Int, in media: UnsafeRawBufferPointer
    ) -> (payload: Int, media: Int, length: Int)? {
        for skipped in 0..<Self.reach where start + skipped + Self.shortest <= payload.count {
            let wanted = start + skipped
            for candidate in place..<min(place + Self.reach, max(place, media.count)) {
                let length = Self.equalBytes(payload, wanted, media, candidate)
                if length >= Self.shortest { return (wanted, candidate, length) }
            }
        }
        // Something of the sample is not sent: look for what follows the longest usual header.
        let wanted = start + 4
        guard searches > 0, payload.count - wanted >= 2 * Self.shortest else { return nil }
        searches -= 1
        for candidate in 0..<max(0, media.count - Self.shortest) {
            guard Self.equalBytes(payload, wanted, media, candidate) >= 2 * Self.shortest else { continue }
            var back = 0
            while back < 4, candidate > back, payload[wanted - back - 1] == media[candidate - back - 1] { back += 1 }
            let length = Self.equalBytes(payload, wanted - back, media, candidate - back)
            return (wanted - back, candidate - back, length)
        }
        return nil
    }

    private static func equalBytes(
        _ payload: UnsafeRawBufferPointer, _ start: Int, _ media: UnsafeRawBufferPointer, _ place: Int
    ) -> Int {
        let most = min(payload.count - start, media.count - place)
        var length = 0
        while length < most, payload[start + length] == media[place + length] { length += 1 }
        return length
    }
}
