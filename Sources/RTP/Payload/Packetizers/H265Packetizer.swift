import NIOCore

/// Makes RTP payloads out of H.265 access units: each NAL unit alone, or in fragmentation units (RFC 7798 §4.4.1, §4.4.3,
/// without decoding order numbers).
package struct H265Packetizer: Sendable {
    private let limit: Int

    /// `maximumPayloadSize` in bytes, without RTP header.
    package init(maximumPayloadSize: Int = 1440) {
        limit = max(64, min(maximumPayloadSize, 65_000))
    }

    /// Takes one access unit as NAL units without start codes or lengths; the last payload has the marker.
    package func packetize(units: [ByteBuffer], emit: (NormalizedPayload) -> Void) {
        NALUnitSyntax.h265(hasDecodingOrder: false).packetize(units, limit: limit, emit: emit)
    }
}
