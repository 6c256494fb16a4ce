import NIOCore

/// The `hvcC` record that MP4, QuickTime and Matroska keep for H.265 (ISO/IEC 14496-15 §8.3.3.1).
///
/// ```
/// | version … 21 bytes | … length size − 1: 2 | arrays: 8 |
/// | { completeness, type: 8 | units: 16 | { length: 16 | NAL unit } } |
/// ```
package struct HEVCDecoderConfiguration: Sendable, Hashable {
    /// Bytes of the length before each NAL unit of a sample: 1 to 4.
    package var lengthSize: Int
    /// The NAL units as they stand there: parameter sets, and SEI in some files; none where the samples have their own (`hev1`).
    package var units: [[UInt8]]

    /// No file has as many; what is beyond is not read.
    static let mostUnits = 256

    /// Parses the record. `nil` where it is cut short, or a byte stream with start codes stands in its place.
    package init?(parsing bytes: [UInt8]) {
        var buffer = ByteBuffer(bytes: bytes)
        // Files from before the standard have version 0; a start code begins with two zeros and a one or a zero.
        guard bytes.count > 3, bytes[0] != 0 || bytes[1] != 0 || bytes[2] > 1, bytes[0] <= 1,
            buffer.readBytes(length: 21) != nil, let size = buffer.readInteger(as: UInt8.self),
            let arrays = buffer.readInteger(as: UInt8.self)
        else { return nil }
        lengthSize = Int(size & 3) + 1
        units = []
        for _ in 0..<arrays {
            guard buffer.readInteger(as: UInt8.self) != nil, let count = buffer.readInteger(as: UInt16.self) else {
                return nil
            }
            for _ in 0..<count where units.count < Self.mostUnits {
                guard let length = buffer.readInteger(as: UInt16.self), let unit = buffer.readBytes(length: Int(length))
                else { return nil }
                units.append(unit)
            }
        }
    }
}
