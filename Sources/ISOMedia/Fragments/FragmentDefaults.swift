/// What samples of a fragment have that say nothing else: `trex` and `tfhd` (ISO/IEC 14496-12 §8.8.3, §8.8.7).
struct FragmentDefaults: Sendable {
    var description: UInt32 = 1
    var duration: UInt32 = 0
    var size: UInt32 = 0
    var flags: UInt32 = 0

    /// Of every track, by its number; empty where `moov` has no `mvex`.
    static func read(_ extends: Box?) throws(MovieError) -> [UInt32: FragmentDefaults] {
        guard let extends else { return [:] }
        var defaults: [UInt32: FragmentDefaults] = [:]
        for box in try extends.children() where box.type == "trex" {
            defaults[try box.integer(at: 4)] = FragmentDefaults(
                description: try box.integer(at: 8), duration: try box.integer(at: 12), size: try box.integer(at: 16),
                flags: try box.integer(at: 20)
            )
        }
        return defaults
    }
}

/// The head of one track's part of a fragment: `tfhd`.
struct FragmentTrackHeader: Sendable {
    let track: UInt32
    /// Where the data are counted from, in bytes of the file; `nil` where the rules of older writers hold.
    let base: Int64?
    let defaults: FragmentDefaults

    /// `moof` is where the fragment begins in the file.
    init(_ box: Box, tracks: [UInt32: FragmentDefaults], moof: Int64) throws(MovieError) {
        track = try box.integer(at: 4)
        var defaults = tracks[track] ?? FragmentDefaults()
        let flags = box.flags
        var place = 8
        var base: Int64? = flags & 0x2_0000 != 0 ? moof : nil
        if flags & 1 != 0 {
            let offset: UInt64 = try box.integer(at: place)
            guard offset < 1 << 61 else { throw box.malformed("data at byte \(offset)") }
            base = Int64(offset)
            place += 8
        }
        func read(_ field: inout UInt32, where flag: UInt32) throws(MovieError) {
            guard flags & flag != 0 else { return }
            field = try box.integer(at: place)
            place += 4
        }
        try read(&defaults.description, where: 2)
        try read(&defaults.duration, where: 8)
        try read(&defaults.size, where: 0x10)
        try read(&defaults.flags, where: 0x20)
        self.base = base
        self.defaults = defaults
    }
}
