/// Samples of one fragment that lie one behind the other: a `trun` box, or 32 samples of one (ISO/IEC 14496-12 §8.8.8).
struct FragmentRun: Sendable {
    /// Which fields each sample has of its own, in this order, 32 bits each.
    struct Layout: OptionSet, Sendable {
        let rawValue: UInt8

        static let duration = Layout(rawValue: 1)
        static let size = Layout(rawValue: 2)
        static let flags = Layout(rawValue: 4)
        static let composition = Layout(rawValue: 8)

        /// Bytes of a sample's row.
        var stride: Int { rawValue.nonzeroBitCount * 4 }

        /// Bytes of a row before a field.
        func place(of field: Layout) -> Int { (rawValue & (field.rawValue - 1)).nonzeroBitCount * 4 }
    }

    /// The number of the first sample in the track.
    var first: Int
    var count: Int
    /// Of the first sample.
    var time: Int64
    /// Of the first sample in the file, in bytes.
    var offset: Int64
    /// Where the rows begin among all rows of the track, in bytes.
    var row: Int
    var layout: Layout
    var duration: UInt32
    var size: UInt32
    var description: UInt32
}

/// What a sample's 32 bits of flags say (§8.8.3.1).
enum SampleFlags {
    /// Neither marked as no sync sample nor as one that depends on others.
    static func isSync(_ flags: UInt32) -> Bool { flags & 0x0101_0000 == 0 }
}
