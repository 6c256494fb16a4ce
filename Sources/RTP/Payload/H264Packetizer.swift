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
        let syntax = NALUnitSyntax.h264
        var last: NormalizedPayload?
        func hand(_ payload: ByteBuffer) {
            if let last { emit(last) }
            let traits = payload.withUnsafeReadableBytes { syntax.traits(of: $0) }
            last = NormalizedPayload(payload: payload, marker: false, traits: traits)
        }
        for unit in units {
            guard let header = unit.withUnsafeReadableBytes({ syntax.header(of: $0) }) else { continue }
            guard unit.readableBytes > limit else {
                hand(unit)
                continue
            }
            var fragments = syntax.fragments(
                header: header, body: unit.suffix(from: 1), begins: true, ends: true, decodingOrder: 0, limit: limit
            )
            while fragments.readableBytes > 0,
                let fragment = fragments.readSlice(length: min(limit, fragments.readableBytes))
            { hand(fragment) }
        }
        guard var last else { return }
        last.marker = true
        emit(last)
    }
}
