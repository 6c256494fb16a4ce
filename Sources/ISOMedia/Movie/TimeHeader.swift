/// What `mvhd` and `mdhd` have in common (ISO/IEC 14496-12 §8.2.2, §8.4.2).
///
/// ```
/// version, flags │ created │ modified │ timescale: 32 │ duration │ …      32 bits each, 64 in version 1 but for the timescale
/// ```
struct TimeHeader: Sendable {
    /// In seconds since 1970.
    let created: Int64?
    let modified: Int64?
    /// More than 0.
    let timescale: UInt32
    /// `nil` where it is not known.
    let duration: Int64?
    /// Where what follows begins, in bytes of the body.
    let end: Int

    /// Throws `.malformed` where it is too short or time would stand still.
    init(_ box: Box) throws(MovieError) {
        let isLong = box.version == 1
        let width = isLong ? 8 : 4
        created = MovieTime.date(try box.time(at: 4, isLong: isLong))
        modified = MovieTime.date(try box.time(at: 4 + width, isLong: isLong))
        timescale = try box.integer(at: 4 + 2 * width)
        duration = try box.time(at: 8 + 2 * width, isLong: isLong)
        end = 8 + 3 * width
        guard timescale > 0 else { throw box.malformed("a clock of 0 units a second") }
    }
}
