import NIOCore

/// The byte stream format of ITU-T H.264 Annex B and H.265 Annex B: NAL units behind start codes.
///
/// ```
/// 00 00 01 | NAL unit | 00 00 00 01 | NAL unit | 00 00 …
/// ```
package enum AnnexB {
    /// The NAL units between start codes of three or four bytes, without trailing zeros; bytes before the first
    /// start code are a NAL unit too (quirks I3 and I4: cameras that put whole byte streams into one NAL unit).
    package static func nalUnits(in bytes: [UInt8]) -> [[UInt8]] {
        ranges(in: bytes).map { Array(bytes[$0]) }
    }

    /// The same for the readable bytes of a buffer; the NAL units share its storage.
    package static func nalUnits(in buffer: ByteBuffer) -> [ByteBuffer] {
        ranges(in: buffer.readableBytesView).compactMap { buffer.getSlice(at: $0.lowerBound, length: $0.count) }
    }

    /// Whether the buffer has a start code of three bytes anywhere.
    package static func hasStartCode(_ buffer: ByteBuffer) -> Bool {
        let bytes = buffer.readableBytesView
        return firstStartCode(in: bytes, from: bytes.startIndex) != nil
    }

    /// The NAL units behind start codes of four bytes each.
    package static func byteStream(of nalUnits: some Sequence<[UInt8]>) -> [UInt8] {
        var stream: [UInt8] = []
        for nalUnit in nalUnits {
            stream += [0, 0, 0, 1]
            stream += nalUnit
        }
        return stream
    }

    private static func ranges<Bytes: RandomAccessCollection<UInt8>>(in bytes: Bytes) -> [Range<Int>]
    where Bytes.Index == Int {
        var found: [Range<Int>] = []
        var start = bytes.startIndex
        while start < bytes.endIndex {
            let code = firstStartCode(in: bytes, from: start)
            var end = code ?? bytes.endIndex
            while end > start, bytes[end - 1] == 0 { end -= 1 }
            if end > start { found.append(start..<end) }
            guard let code else { break }
            start = code + 3
        }
        return found
    }

    /// The index of the first `00 00 01`.
    private static func firstStartCode<Bytes: RandomAccessCollection<UInt8>>(in bytes: Bytes, from start: Int) -> Int?
    where Bytes.Index == Int {
        var index = start
        while index + 2 < bytes.endIndex {
            // The third byte tells how far the next start code is at least.
            switch bytes[index + 2] {
            case 1 where bytes[index] == 0 && bytes[index + 1] == 0: return index
            case 0: index += 1
            default: index += 3
            }
        }
        return nil
    }
}
