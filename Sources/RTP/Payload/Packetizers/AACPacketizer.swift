import NIOCore

/// Makes RTP payloads out of AAC access units, one unit a packet (RFC 3640 §3.3.6, `mode=AAC-hbr`;
/// `sizelength=13; indexlength=3; indexdeltalength=3`).
///
/// ```
/// ┌───────────────────────────────┬─────────────────────────┬─────┐
/// │ AU-headers-length: 16 bits    │ AU-size                 │ 0   │ access unit …
/// └───────────────────────────────┴─────────────────────────┴─────┘
/// ```
package struct AACPacketizer: Sendable {
    /// The longest access unit that 13 bits of size can tell, in bytes.
    package static let maximumAccessUnitSize = 8191

    private let limit: Int

    /// `maximumPayloadSize` in bytes, without RTP header.
    package init(maximumPayloadSize: Int = 1440) {
        limit = max(64, min(maximumPayloadSize, 65_000))
    }

    /// Takes one access unit without ADTS header; one too long for a packet goes out in fragments with the
    /// marker on the last. An empty one, or one above `maximumAccessUnitSize`, gives nothing.
    package func packetize(_ accessUnit: ByteBuffer, emit: (NormalizedPayload) -> Void) {
        let size = accessUnit.readableBytes
        guard size > 0, size <= Self.maximumAccessUnitSize else { return }
        var rest = accessUnit
        while rest.readableBytes > 0, let bytes = rest.readSlice(length: min(limit - 4, rest.readableBytes)) {
            var payload = ByteBufferAllocator().buffer(capacity: 4 + bytes.readableBytes)
            payload.writeMultipleIntegers(16 as UInt16, UInt16(size) << 3)
            payload.writeImmutableBuffer(bytes)
            emit(NormalizedPayload(payload: payload, marker: rest.readableBytes == 0, traits: []))
        }
    }
}
