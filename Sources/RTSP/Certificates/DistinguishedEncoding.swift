/// The few forms of ASN.1 that a certificate is made of, as bytes (DER, X.690).
///
///     ┌─────┬────────┬─────────┐   length: below 128 one byte,
///     │ tag │ length │ content │   else 0x80 + n and n bytes, most significant first
///     └─────┴────────┴─────────┘
enum DistinguishedEncoding {
    static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        guard content.count >= 0x80 else { return [tag, UInt8(content.count)] + content }
        let length = content.count.bigEndianBytes
        return [tag, 0x80 | UInt8(length.count)] + length + content
    }

    static func sequence(_ elements: [UInt8]...) -> [UInt8] { element(0x30, Array(elements.joined())) }

    static func set(_ elements: [UInt8]...) -> [UInt8] { element(0x31, Array(elements.joined())) }

    /// A number without sign, most significant byte first; a zero in front keeps it positive.
    static func integer(_ bytes: [UInt8]) -> [UInt8] {
        let digits = Array(bytes.drop { $0 == 0 })
        return element(0x02, (digits.first ?? 0x80) >= 0x80 ? [0] + digits : digits)
    }

    /// With its content encoded already (X.690 §8.19).
    static func objectIdentifier(_ content: [UInt8]) -> [UInt8] { element(0x06, content) }

    static func utf8String(_ text: String) -> [UInt8] { element(0x0C, Array(text.utf8)) }

    /// `YYMMDDhhmmssZ`: 1950 to 2049.
    static func utcTime(_ text: String) -> [UInt8] { element(0x17, Array(text.utf8)) }

    static func octetString(_ bytes: [UInt8]) -> [UInt8] { element(0x04, bytes) }

    /// Whole bytes: no bit is left over.
    static func bitString(_ bytes: [UInt8]) -> [UInt8] { element(0x03, [0] + bytes) }
}

extension Int {
    /// Without leading zeros.
    fileprivate var bigEndianBytes: [UInt8] {
        var rest = self
        var bytes: [UInt8] = []
        while rest > 0 {
            bytes.insert(UInt8(truncatingIfNeeded: rest), at: 0)
            rest >>= 8
        }
        return bytes
    }
}
