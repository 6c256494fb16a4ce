/// Cuts one NAL unit into payloads without copying it: each is a few bytes of header and a range of the unit (RFC 6184 §5.6,
/// §5.8; RFC 7798 §4.4.1, §4.4.3, without decoding order numbers).
///
/// For who writes packets straight to where they are sent from; it allocates nothing.
package struct NALUnitPieces: Sendable {
    /// One payload.
    package struct Piece: Sendable, Hashable {
        /// What stands before the bytes of the unit: of a unit alone nothing.
        package var header: UInt32
        /// Bytes of `header`, lowest last: 0, 2 or 3.
        package var headerLength: Int
        /// Of the unit, in bytes from its beginning.
        package var range: Range<Int>
        /// Whether the unit ends with it.
        package var isLast: Bool
    }

    /// What a unit is for, as far as a player of files has to know.
    package struct Role: Sendable, Hashable {
        /// SPS, PPS or VPS.
        package var isParameterSet = false
        /// Access unit delimiter: the first of its access unit.
        package var isDelimiter = false
        /// A slice, or a piece of one.
        package var isPicture = false
        /// A slice that no other picture refers to (`nal_ref_idc` is 0; of a sub-layer non-reference picture).
        package var isDisposable = false
    }

    private let syntax: NALUnitSyntax
    private let header: UInt16
    private let length: Int
    /// The most bytes of a payload.
    package let limit: Int
    private var next: Int

    /// The type and what it says.
    package let role: Role

    /// `header` is the unit's first two bytes, first byte highest; `length` all its bytes, `limit` those of a payload.
    ///
    /// `nil` for a unit too short to be one, and for types that stand for something else in RTP, or for nothing.
    package init?(isH265: Bool, header twoBytes: UInt16, length: Int, limit: Int) {
        syntax = isH265 ? .h265(hasDecodingOrder: false) : .h264
        header = isH265 ? twoBytes : twoBytes >> 8
        guard length > syntax.headerLength, syntax.isVideo(header) else { return nil }
        self.length = length
        self.limit = max(64, limit)
        next = length <= self.limit ? 0 : syntax.headerLength
        let type = syntax.type(of: header)
        var role = Role()
        role.isParameterSet = !syntax.parameterSetKind(type).isEmpty
        role.isDelimiter = type == (isH265 ? 35 : 9)
        role.isPicture = syntax.continuationTraits(of: header).contains(.picture)
        // Even types below 16 are of pictures that their own sub-layer does not refer to (ITU-T H.265 §7.4.2.2).
        role.isDisposable = role.isPicture && (isH265 ? type < 16 && type & 1 == 0 : header & 0x60 == 0)
        self.role = role
    }

    /// The longest header of a piece, in bytes.
    package static let longestHeader = 3

    /// No more payloads than this are to come.
    package var most: Int { (length - next) / (limit - Self.longestHeader) + 1 }

    /// The next payload; `nil` behind the last.
    package mutating func nextPiece() -> Piece? {
        guard next < length else { return nil }
        let start = next
        if start == 0 {
            next = length
            return Piece(header: 0, headerLength: 0, range: 0..<length, isLast: true)
        }
        let headerLength = syntax.headerLength + 1
        next = min(length, start + limit - headerLength)
        let begins: UInt32 = start == syntax.headerLength ? 0x80 : 0
        let ends: UInt32 = next == length ? 0x40 : 0
        let indicator = syntax.header(header, withType: syntax.fragmentType)
        return Piece(
            header: UInt32(indicator) << 8 | begins | ends | UInt32(syntax.type(of: header)),
            headerLength: headerLength, range: start..<next, isLast: next == length
        )
    }
}
