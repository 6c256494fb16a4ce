import NIOCore

/// How many frames of AAC the packets of one track hold, without reading any: out of AU headers, or of ADTS headers where a camera
/// sends those instead (quirk J2). For payloads of `mode=AAC-hbr` (RFC 3640 §3.3.6).
package enum AACFrameCount {
    /// Frames that end in `payload`, so that a frame in fragments counts once, with the `marker` of its last one; 0 where nothing can
    /// be told. Allocates nothing.
    package static func frames(in payload: ByteBuffer, marker: Bool) -> Int {
        let start = payload.readerIndex
        guard let bits: UInt16 = payload.getInteger(at: start) else { return 0 }
        if bits & 0xFFF6 == 0xFFF0 { return bareFrames(in: payload) }
        let heads = Int(bits) / 8
        guard bits > 0, bits % 16 == 0, let head: UInt16 = payload.getInteger(at: start + 2),
            2 + heads <= payload.readableBytes
        else { return 0 }
        let isFragment = bits == 16 && Int(head >> 3) > payload.readableBytes - 2 - heads
        return isFragment ? (marker ? 1 : 0) : Int(bits) / 16
    }

    /// ADTS frames one after the other (ISO/IEC 14496-3 §1.A.2.2); one that goes on in the next packet counts here.
    private static func bareFrames(in payload: ByteBuffer) -> Int {
        var position = payload.readerIndex
        var count = 0
        while let sync: UInt16 = payload.getInteger(at: position), sync & 0xFFF6 == 0xFFF0,
            let lengths: UInt32 = payload.getInteger(at: position + 2)
        {
            let length = Int(lengths >> 5 & 0x1FFF)
            guard length >= 7 else { break }
            count += 1
            position += length
        }
        return count
    }
}
