import NIOCore

/// The form of NAL units in MP4, QuickTime and Matroska: each behind its length (ISO/IEC 14496-15 §4.3.3).
///
/// ```
/// | length: 1 to 4 bytes | NAL unit | length | NAL unit | …
/// ```
package enum LengthPrefix {
    /// The NAL units of one sample, which share its storage; empty ones are left out. `nil` where a length exceeds what is there.
    package static func nalUnits(in sample: ByteBuffer, lengthSize: Int) -> [ByteBuffer]? {
        guard (1...4).contains(lengthSize) else { return nil }
        var rest = sample
        var units: [ByteBuffer] = []
        while rest.readableBytes > 0 {
            guard let bytes = rest.readBytes(length: lengthSize) else { return nil }
            let length = bytes.reduce(0) { $0 << 8 | Int($1) }
            guard let unit = rest.readSlice(length: length) else { return nil }
            if length > 0 { units.append(unit) }
        }
        return units
    }
}
