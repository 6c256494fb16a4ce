import NIOCore

/// Makes RTP payloads out of H.263 pictures (RFC 4629 §5): the first begins with the picture, the others anywhere in it.
///
/// ```
/// ┌──────────┬───┬───┬─────────┬──────────┐
/// │ 00000    │ P │ V │ PLEN: 6 │ PEBIT: 3 │ picture; where P is set, without its first two bytes, which are 0
/// └──────────┴───┴───┴─────────┴──────────┘
/// ```
package struct H263Packetizer: Sendable {
    private let limit: Int

    /// `maximumPayloadSize` in bytes, without RTP header.
    package init(maximumPayloadSize: Int = 1440) {
        limit = max(64, min(maximumPayloadSize, 65_000)) - 2
    }

    /// Takes one picture; the last payload has the marker. What does not begin with a picture start code gives nothing.
    package func packetize(_ picture: ByteBuffer, emit: (NormalizedPayload) -> Void) {
        var rest = picture
        guard rest.readInteger(as: UInt16.self) == 0, let code = rest.getInteger(at: rest.readerIndex, as: UInt8.self),
            code & 0xFC == 0x80
        else { return }
        var header: UInt16 = 0x0400
        while rest.readableBytes > 0, let piece = rest.readSlice(length: min(limit, rest.readableBytes)) {
            var payload = ByteBufferAllocator().buffer(capacity: 2 + piece.readableBytes)
            payload.writeInteger(header)
            payload.writeImmutableBuffer(piece)
            emit(NormalizedPayload(payload: payload, marker: rest.readableBytes == 0, traits: []))
            header = 0
        }
    }
}
