import Media
import NIOCore

/// Makes RTP payloads out of MPEG audio, of which MP3 is layer III (RFC 2250 §3.5): whole frames, or fragments of one.
///
/// ```
/// ┌───────────────────────┬───────────────────────┐
/// │ MBZ: 16 bits          │ fragment offset: 16   │ frame … or a piece of one
/// └───────────────────────┴───────────────────────┘
/// ```
package struct MPEGAudioPacketizer: Sendable {
    /// In Hz, whatever the sound was sampled at (RFC 3551 §4.5.13).
    package static let clockRate = 90_000

    private let limit: Int

    /// `maximumPayloadSize` in bytes, without RTP header.
    package init(maximumPayloadSize: Int = 1440) {
        limit = max(64, min(maximumPayloadSize, 65_000)) - 4
    }

    /// Takes one or several frames; `later` is how far a payload begins behind the first, in units of the RTP clock.
    ///
    /// What does not begin like a frame goes out as one all the same; one above 65 535 bytes does not: then false.
    @discardableResult
    package func packetize(_ frames: ByteBuffer, emit: (_ payload: ByteBuffer, _ later: Int) -> Void) -> Bool {
        var isWhole = true
        var rest = frames
        var group = 0
        var groupTime = 0
        var time = 0
        while rest.readableBytes > group {
            let header = rest.getInteger(at: rest.readerIndex + group, as: UInt32.self).flatMap { MPEGAudioHeader($0) }
            let left = rest.readableBytes - group
            let length = min(max(header?.frameLength ?? left, MPEGAudioHeader.length), left)
            if group + length > limit, group > 0 {
                emitPiece(of: &rest, length: group, offset: 0) { emit($0, groupTime) }
                (group, groupTime) = (0, time)
            }
            if length > limit {
                if length > Int(UInt16.max) { isWhole = false }
                emitFragments(of: &rest, length: length) { emit($0, time) }
            } else {
                group += length
            }
            if let header { time += header.samplesPerFrame * Self.clockRate / header.sampleRate }
            if group == 0 { groupTime = time }
        }
        if group > 0 { emitPiece(of: &rest, length: group, offset: 0) { emit($0, groupTime) } }
        return isWhole
    }

    private func emitFragments(of rest: inout ByteBuffer, length: Int, emit: (ByteBuffer) -> Void) {
        guard length <= Int(UInt16.max) else { return rest.moveReaderIndex(forwardBy: length) }
        for start in stride(from: 0, to: length, by: limit) {
            emitPiece(of: &rest, length: min(limit, length - start), offset: UInt16(start), emit: emit)
        }
    }

    private func emitPiece(of rest: inout ByteBuffer, length: Int, offset: UInt16, emit: (ByteBuffer) -> Void) {
        guard let bytes = rest.readSlice(length: length) else { return }
        var payload = ByteBufferAllocator().buffer(capacity: 4 + length)
        payload.writeMultipleIntegers(0 as UInt16, offset)
        payload.writeImmutableBuffer(bytes)
        emit(payload)
    }
}
