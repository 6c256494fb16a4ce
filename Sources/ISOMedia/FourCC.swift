/// The type of a box, a brand or a handler: four bytes, mostly letters (ISO/IEC 14496-12 §4.2).
package struct FourCC: Sendable, Hashable {
    package let code: UInt32

    package init(_ code: UInt32) {
        self.code = code
    }
}

extension FourCC: ExpressibleByStringLiteral {
    /// Four Latin-1 characters: `"moov"`, `"©nam"`. Shorter ones are filled up with spaces, longer ones cut.
    package init(stringLiteral value: StaticString) {
        if value.hasPointerRepresentation, value.isASCII, value.utf8CodeUnitCount == 4 {
            // Types are compared with literals for every box of a file: no string is made for that.
            let bytes = value.utf8Start
            code = UInt32(bytes[0]) << 24 | UInt32(bytes[1]) << 16 | UInt32(bytes[2]) << 8 | UInt32(bytes[3])
            return
        }
        let scalars = "\(value)".unicodeScalars.prefix(4).map { UInt32(UInt8(truncatingIfNeeded: $0.value)) }
        code = (scalars + Array(repeating: 0x20, count: 4 - scalars.count)).reduce(0) { $0 << 8 | $1 }
    }
}

extension FourCC: CustomStringConvertible {
    /// The four characters; bytes that are no printable ASCII as `\xA9`.
    package var description: String {
        (0..<4).map { index in
            let byte = UInt8(truncatingIfNeeded: code >> (24 - 8 * UInt32(index)))
            guard (0x20..<0x7F).contains(byte) else {
                let digits = String(byte, radix: 16, uppercase: true)
                return "\\x" + (digits.count == 1 ? "0" : "") + digits
            }
            return String(UnicodeScalar(byte))
        }.joined()
    }
}
