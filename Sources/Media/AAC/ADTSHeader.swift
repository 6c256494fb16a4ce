import NIOCore

/// The header before each AAC frame of a transport stream (ISO/IEC 13818-7 §6.2, ISO/IEC 14496-3 §1.A.2).
///
/// ```
/// | syncword FFF: 12 | ID 1 | layer 00 | protection absent 1 |
/// | profile 2 | frequency index 4 | private 1 | channel configuration 3 | … 4 |
/// | frame length with header 13 | fullness 11 | blocks − 1: 2 | checksum 16, unless absent |
/// ```
package struct ADTSHeader: Sendable, Hashable {
    /// Bytes of header: 7, or 9 with a checksum.
    package var length: Int
    /// Bytes of header and frame together.
    package var frameLength: Int
    /// AAC frames behind this one header; nearly always 1.
    package var blocks: Int
    /// What a decoder has to know.
    package var configuration: AudioSpecificConfig

    /// Parses the header at the buffer's reader index; `nil` for anything else, for a frame longer than the buffer,
    /// and for channels that only the stream itself tells (configuration 0).
    package init?(parsing buffer: ByteBuffer) {
        guard let bytes = buffer.getBytes(at: buffer.readerIndex, length: min(7, buffer.readableBytes)) else {
            return nil
        }
        var bits = BitReader(bytes)
        guard let parsed = try? Self(reading: &bits), parsed.frameLength <= buffer.readableBytes else { return nil }
        self = parsed
    }

    private init(reading bits: inout BitReader) throws(BitReader.Exhausted) {
        guard try bits.read(12) == 0xFFF else { throw BitReader.Exhausted() }
        try bits.skip(1)
        guard try bits.read(2) == 0 else { throw BitReader.Exhausted() }
        length = try bits.readFlag() ? 7 : 9
        let objectType = UInt8(truncatingIfNeeded: try bits.read(2)) + 1
        let index = Int(try bits.read(4))
        try bits.skip(1)
        let channels = Int(try bits.read(3))
        try bits.skip(4)
        frameLength = Int(try bits.read(13))
        try bits.skip(11)
        blocks = Int(try bits.read(2)) + 1
        guard AudioSpecificConfig.sampleRates.indices.contains(index), channels > 0, frameLength > length else {
            throw BitReader.Exhausted()
        }
        configuration = AudioSpecificConfig(
            objectType: objectType, sampleRate: AudioSpecificConfig.sampleRates[index],
            channels: channels == 7 ? 8 : channels
        )
    }
}
