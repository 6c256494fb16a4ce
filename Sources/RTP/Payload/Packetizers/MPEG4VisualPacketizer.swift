import NIOCore

/// Makes RTP payloads out of MPEG-4 Visual (RFC 6416 §5): pieces of the stream as it stands, none of two pictures (VOPs).
package struct MPEG4VisualPacketizer: Sendable {
    private let limit: Int

    /// `maximumPayloadSize` in bytes, without RTP header.
    package init(maximumPayloadSize: Int = 1440) {
        limit = max(64, min(maximumPayloadSize, 65_000))
    }

    /// Packed B pictures are one or two to a sample; with more of them each byte could cost a packet.
    private static let mostPictures = 64

    /// Takes what a file has for one picture, which may be more than one where an encoder packed B pictures; the last payload
    /// of each has the marker. Pictures beyond the 64th are left out: then false.
    @discardableResult
    package func packetize(_ sample: ByteBuffer, emit: (NormalizedPayload) -> Void) -> Bool {
        var rest = sample
        for _ in 0..<Self.mostPictures where rest.readableBytes > 0 {
            let end = rest.withUnsafeReadableBytes { Self.endOfPicture(in: $0) }
            rest.readSlice(length: end)?.packetizePieces(of: limit, emit: emit)
        }
        return rest.readableBytes == 0
    }

    /// Where the first start code behind a VOP stands: headers before a VOP are of its payload (§5.1).
    private static func endOfPicture(in bytes: UnsafeRawBufferPointer) -> Int {
        var code = StartCode.first(in: bytes)
        while let found = code, found.end < bytes.count {
            code = StartCode.first(in: bytes, from: found.end)
            if bytes[found.end] == vopStartCode { return code?.start ?? bytes.count }
        }
        return bytes.count
    }

    private static let vopStartCode: UInt8 = 0xB6
}

extension ByteBuffer {
    /// All of it in slices of at most `limit` bytes, with the marker on the last.
    fileprivate func packetizePieces(of limit: Int, emit: (NormalizedPayload) -> Void) {
        var rest = self
        while rest.readableBytes > 0, let piece = rest.readSlice(length: min(limit, rest.readableBytes)) {
            emit(NormalizedPayload(payload: piece, marker: rest.readableBytes == 0, traits: []))
        }
    }
}
