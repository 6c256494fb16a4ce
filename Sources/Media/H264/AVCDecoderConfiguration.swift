import NIOCore

/// The `avcC` record that MP4, QuickTime and Matroska keep for H.264 (ISO/IEC 14496-15 §5.3.3.1).
///
/// ```
/// | version 1 | profile | constraints | level | 111111 length size − 1: 2 |
/// | 111 sets: 5 | { length: 16 | SPS } | sets: 8 | { length: 16 | PPS } | …
/// ```
package struct AVCDecoderConfiguration: Sendable, Hashable {
    /// Bytes of the length before each NAL unit of a sample: 1 to 4.
    package var lengthSize: Int
    /// The parameter sets as they stand there, sequence before picture; none where the samples have their own (`avc3`).
    package var parameterSets: [[UInt8]]

    /// Parses the record; what follows the parameter sets is ignored. `nil` where it is cut short or of another version.
    package init?(parsing bytes: [UInt8]) {
        var buffer = ByteBuffer(bytes: bytes)
        guard let version = buffer.readInteger(as: UInt8.self), version == 1, buffer.readBytes(length: 3) != nil,
            let size = buffer.readInteger(as: UInt8.self)
        else { return nil }
        lengthSize = Int(size & 3) + 1
        parameterSets = []
        for mask in [0x1F, 0xFF] as [UInt8] {
            guard let count = buffer.readInteger(as: UInt8.self) else { return nil }
            for _ in 0..<(count & mask) {
                guard let length = buffer.readInteger(as: UInt16.self), let set = buffer.readBytes(length: Int(length))
                else { return nil }
                parameterSets.append(set)
            }
        }
    }
}
