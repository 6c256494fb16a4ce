import Media
import RTP

/// Goes through the NAL units of a sample where they lie: each behind its length (ISO/IEC 14496-15 §4.3.3).
///
/// A length that exceeds what is there ends the sample; what cannot stand in RTP is left out.
struct NALUnitsInSample {
    struct Unit {
        /// Without length.
        var bytes: UnsafeRawBufferPointer
        var pieces: NALUnitPieces
    }

    private let bytes: UnsafeRawBufferPointer
    private let form: NALUnitForm
    private let limit: Int
    private var place = 0
    private var count = 0
    /// Something at the end is no unit, or one too many.
    private(set) var isBroken = false

    /// `limit` as in `NALUnitPieces`. Of no use once `bytes` are gone.
    init(_ bytes: UnsafeRawBufferPointer, form: NALUnitForm, limit: Int) {
        self.bytes = bytes
        self.form = form
        self.limit = limit
    }

    mutating func next() -> Unit? {
        while count < LengthPrefix.mostUnits, bytes.count - place >= form.lengthSize {
            count += 1
            var length = 0
            // A slice of the bytes would be allocated for each in a debug build.
            for index in place..<place + form.lengthSize { length = length << 8 | Int(bytes[index]) }
            place += form.lengthSize
            guard length <= bytes.count - place else { break }
            let unit = UnsafeRawBufferPointer(rebasing: bytes[place..<place + length])
            place += length
            guard length >= 2 else { continue }
            let header = UInt16(unit[0]) << 8 | UInt16(unit[1])
            if let pieces = NALUnitPieces(isH265: form.isH265, header: header, length: length, limit: limit) {
                return Unit(bytes: unit, pieces: pieces)
            }
        }
        if place < bytes.count { isBroken = true }
        place = bytes.count
        return nil
    }

    /// What the units before the first slice, and that itself, say of the whole; this stays where it is.
    var outlook: (hasParameterSets: Bool, isDisposable: Bool) {
        var units = self
        var hasParameterSets = false
        while let unit = units.next() {
            let role = unit.pieces.role
            if role.isParameterSet { hasParameterSets = true }
            if role.isPicture { return (hasParameterSets, role.isDisposable && form.tellsDisposable) }
        }
        return (hasParameterSets, false)
    }
}
