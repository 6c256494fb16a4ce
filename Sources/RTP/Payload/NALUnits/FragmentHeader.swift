/// What stands before the bytes of a fragmented NAL unit (RFC 6184 §5.8, RFC 7798 §4.4.3).
///
/// ```
/// FU-A │ F NRI 28 │ S E R type │ body …
/// FU   │ F 49 layer TID │ S E type │ [DONL if S] │ body …
/// ```
struct FragmentHeader {
    var begins: Bool
    var ends: Bool
    /// The header that the whole unit has.
    var unitHeader: UInt16
    /// Zero where there is none.
    var decodingOrder: UInt16 = 0
    /// Index of the first byte of the unit's body in the payload.
    var bodyStart: Int

    init?(_ payload: UnsafeRawBufferPointer, syntax: NALUnitSyntax) {
        guard let indicator = syntax.header(of: payload), payload.count > syntax.headerLength else { return nil }
        let bits = payload[syntax.headerLength]
        begins = bits & 0x80 != 0
        ends = bits & 0x40 != 0
        unitHeader = syntax.header(indicator, withType: bits & 0x3F)
        bodyStart = syntax.headerLength + 1
        if begins, syntax.hasDecodingOrder {
            guard bodyStart + 2 <= payload.count else { return nil }
            decodingOrder = UInt16(payload[bodyStart]) << 8 | UInt16(payload[bodyStart + 1])
            bodyStart += 2
        }
    }
}
