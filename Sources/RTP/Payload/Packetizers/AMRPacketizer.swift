import NIOCore

/// Makes RTP payloads out of AMR as files store it, each frame behind its own header (RFC 4867 §4.4, `octet-align=1`, §5.3).
///
/// ```
/// ┌──────────────────┬──────────────────────────────┬────────────────┐
/// │ CMR: 4 │ 0000    │ F │ type: 4 │ Q │ 00   each  │ speech   each …
/// └──────────────────┴──────────────────────────────┴────────────────┘
/// ```
package struct AMRPacketizer: Sendable {
    /// In Hz; a frame is 20 ms of it.
    package let clockRate: Int

    private let isWideband: Bool
    private let limit: Int
    /// The receiver may send as it likes: nothing is asked of it.
    private static let noModeRequest: UInt8 = 0xF0

    /// `maximumPayloadSize` in bytes, without RTP header.
    package init(isWideband: Bool, maximumPayloadSize: Int = 1440) {
        self.isWideband = isWideband
        clockRate = Self.clockRate(isWideband: isWideband)
        limit = max(64, min(maximumPayloadSize, 65_000))
    }

    /// Of RTP, in Hz.
    package static func clockRate(isWideband: Bool) -> Int { isWideband ? 16_000 : 8000 }

    /// Of the speech of each type (3GPP TS 26.101 annex A, 26.201 annex A), in bytes; `nil` is reserved.
    private static let wideSizes = [17, 23, 32, 36, 40, 46, 50, 58, 60, 5, nil, nil, nil, nil, 0, 0] as [Int?]
    private static let narrowSizes = [12, 13, 15, 17, 19, 20, 26, 31, 5, nil, nil, nil, nil, nil, nil, 0] as [Int?]

    /// Takes the first frame off, with its header; `nil` where a type is reserved, or the frame is cut short.
    package static func readFrame(from frames: inout ByteBuffer, isWideband: Bool) -> ByteBuffer? {
        guard let header: UInt8 = frames.getInteger(at: frames.readerIndex),
            let size = (isWideband ? wideSizes : narrowSizes)[Int(header >> 3 & 15)]
        else { return nil }
        return frames.readSlice(length: 1 + size)
    }

    /// Takes one or several frames; `later` is how far a payload begins behind the first, in units of the RTP clock.
    ///
    /// Nothing goes out of what stands behind a reserved type, or of a frame that is cut short: then false.
    @discardableResult
    package func packetize(_ frames: ByteBuffer, emit: (_ payload: ByteBuffer, _ later: Int) -> Void) -> Bool {
        var rest = frames
        var contents: [UInt8] = []
        var speech = ByteBuffer()
        var later = 0
        func finish() {
            guard let last = contents.indices.last else { return }
            contents[last] &= 0x7F
            var payload = ByteBufferAllocator().buffer(capacity: 1 + contents.count + speech.readableBytes)
            payload.writeInteger(Self.noModeRequest)
            payload.writeBytes(contents)
            payload.writeBuffer(&speech)
            emit(payload, later)
            later += contents.count * clockRate / 50
            contents.removeAll()
            speech.clear()
        }
        var isWhole = true
        while rest.readableBytes > 0 {
            guard var frame = Self.readFrame(from: &rest, isWideband: isWideband),
                let header = frame.readInteger(as: UInt8.self)
            else {
                isWhole = false
                break
            }
            if 1 + contents.count + speech.readableBytes + 1 + frame.readableBytes > limit { finish() }
            contents.append(header & 0x7C | 0x80)
            speech.writeImmutableBuffer(frame)
        }
        finish()
        return isWhole
    }
}
