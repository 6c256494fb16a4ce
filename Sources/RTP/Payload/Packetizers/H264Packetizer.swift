import NIOCore

/// Makes RTP payloads out of H.264 access units: each NAL unit alone, or in FU-A fragments (RFC 6184,
/// `packetization-mode=1`).
package struct H264Packetizer: Sendable {
    private let limit: Int

    /// `maximumPayloadSize` in bytes, without RTP header.
    package init(maximumPayloadSize: Int = 1440) {
        limit = max(64, min(maximumPayloadSize, 65_000))
    }

    /// Takes one access unit as an encoder gives it, in Annex B form; the last payload has the marker.
    package func packetize(annexB accessUnit: ByteBuffer, emit: (NormalizedPayload) -> Void) {
        var units: [ByteBuffer] = []
        var code = accessUnit.firstStartCode()
        while let found = code {
            code = accessUnit.firstStartCode(from: found.end)
            let unit = accessUnit.subrange(found.end..<(code?.start ?? accessUnit.readableBytes))
            if unit.readableBytes > 0 { units.append(unit) }
        }
        packetize(units: units, emit: emit)
    }

    /// Takes one access unit as NAL units without start codes or lengths; the last payload has the marker.
    package func packetize(units: [ByteBuffer], emit: (NormalizedPayload) -> Void) {
        NALUnitSyntax.h264.packetize(units, limit: limit, emit: emit)
    }
}
