extension H265 {
    /// What the relay wants to know of an SPS (ITU-T H.265 §7.3.2.2.1).
    package struct SequenceParameterSet: Sendable, Hashable {
        /// `general_profile_idc`.
        package var profile: UInt8
        /// `general_tier_flag`: main or high tier.
        package var isHighTier: Bool
        /// `general_level_idc`: thirty times the level.
        package var level: UInt8
        /// After the conformance window.
        package var dimensions: PictureDimensions
        /// `sps_max_num_reorder_pics` of the highest sub-layer: how many pictures may come before one that is shown earlier than
        /// they are. `nil` where the bits end before it.
        package var reorderDepth: Int?

        /// Parses a NAL unit with its header; `nil` for what is no SPS or ends before the picture's size.
        package init?(nalUnit: [UInt8]) {
            guard nalUnit.count > 2, nalUnit[0] & 0x80 == 0,
                NALUnitType(header: nalUnit[0]) == .sequenceParameterSet
            else { return nil }
            var bits = BitReader(nalUnit: nalUnit)
            guard let parsed = try? Self(reading: &bits) else { return nil }
            self = parsed
        }

        private init(reading bits: inout BitReader) throws(BitReader.Exhausted) {
            try bits.skip(16 + 4)
            let subLayers = Int(try bits.read(3))
            try bits.skip(1 + 2)
            isHighTier = try bits.readFlag()
            profile = UInt8(truncatingIfNeeded: try bits.read(5))
            try bits.skip(32 + 48)
            level = UInt8(truncatingIfNeeded: try bits.read(8))
            try Self.skipSubLayers(&bits, count: subLayers)
            _ = try bits.readUnsignedExpGolomb()
            dimensions = try Self.readDimensions(&bits)
            reorderDepth = try? Self.readReorderDepth(&bits, subLayers: subLayers)
        }
    }
}

extension H265.SequenceParameterSet {
    /// The rest of `profile_tier_level` (ITU-T H.265 §7.3.3).
    static func skipSubLayers(_ bits: inout BitReader, count: Int) throws(BitReader.Exhausted) {
        guard count > 0 else { return }
        var length = 0
        for layer in 0..<8 {
            let flags = try bits.read(2)
            guard layer < count else { continue }
            length += (flags & 2 == 2 ? 88 : 0) + (flags & 1 == 1 ? 8 : 0)
        }
        try bits.skip(length)
    }

    private static func readDimensions(_ bits: inout BitReader) throws(BitReader.Exhausted) -> PictureDimensions {
        let format = try bits.readUnsignedExpGolomb()
        guard format <= 3 else { throw BitReader.Exhausted() }
        let separatePlanes = format == 3 ? try bits.readFlag() : false
        let width = try bits.readUnsignedExpGolomb()
        let height = try bits.readUnsignedExpGolomb()
        // Level 6.2 ends at 16 888 pixels a side.
        guard (1...16_888).contains(width), (1...16_888).contains(height) else { throw BitReader.Exhausted() }
        let coded = PictureDimensions(width: Int(width), height: Int(height))
        guard try bits.readFlag() else { return coded }
        let window = try CroppingWindow(reading: &bits)
        let halved = !separatePlanes && (format == 1 || format == 2)
        return window.applied(to: coded, unitX: halved ? 2 : 1, unitY: format == 1 ? 2 : 1)
    }

    /// From the bit depths on.
    private static func readReorderDepth(
        _ bits: inout BitReader, subLayers: Int
    ) throws(BitReader.Exhausted) -> Int {
        for _ in 0..<3 { _ = try bits.readUnsignedExpGolomb() }
        var depth: UInt32 = 0
        // Either for each sub-layer, or for the highest alone.
        for _ in 0...(try bits.readFlag() ? subLayers : 0) {
            _ = try bits.readUnsignedExpGolomb()
            depth = try bits.readUnsignedExpGolomb()
            _ = try bits.readUnsignedExpGolomb()
        }
        guard depth <= 16 else { throw BitReader.Exhausted() }
        return Int(depth)
    }
}
