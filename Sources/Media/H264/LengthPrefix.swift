import NIOCore

/// The form of NAL units in MP4, QuickTime and Matroska: each behind its length (ISO/IEC 14496-15 §4.3.3).
///
/// ```
/// | length: 1 to 4 bytes | NAL unit | length | NAL unit | …
/// ```
package enum LengthPrefix {
    /// More in one sample are none: a file may have a length in each byte or two of it.
    package static let mostUnits = 4096

    /// The NAL units of one sample, which share its storage; empty ones are left out.
    ///
    /// `nil` where a length exceeds what is there, and where there are more than `mostUnits`.
    package static func nalUnits(in sample: ByteBuffer, lengthSize: Int) -> [ByteBuffer]? {
        guard (1...4).contains(lengthSize) else { return nil }
        var rest = sample
        var units: [ByteBuffer] = []
        var lengths = 0
        while rest.readableBytes > 0 {
            lengths += 1
            guard lengths <= mostUnits, let length = readLength(of: lengthSize, from: &rest),
                let unit = rest.readSlice(length: length)
            else { return nil }
            if length > 0 { units.append(unit) }
        }
        return units
    }

    private static func readLength(of size: Int, from rest: inout ByteBuffer) -> Int? {
        var length = 0
        for _ in 0..<size {
            guard let byte = rest.readInteger(as: UInt8.self) else { return nil }
            length = length << 8 | Int(byte)
        }
        return length
    }
}
