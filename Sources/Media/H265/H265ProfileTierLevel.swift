extension H265 {
    /// What a decoder must be able to do: the general part of `profile_tier_level` (ITU-T H.265 §7.3.3).
    ///
    /// ```
    /// | space 2 | tier 1 | profile 5 | compatibility 32 | constraints 48 | level 8 |
    /// ```
    package struct ProfileTierLevel: Sendable, Hashable {
        /// The twelve bytes as the SPS and the `hvcC` record have them.
        package let bytes: [UInt8]

        /// Reads it out of an SPS with its header; `nil` for what is none.
        package init?(sequenceParameterSet nalUnit: [UInt8]) {
            guard SequenceParameterSet(nalUnit: nalUnit) != nil else { return nil }
            var bits = BitReader(nalUnit: nalUnit)
            // The header, the VPS's id, layers and nesting.
            guard (try? bits.skip(24)) != nil else { return nil }
            bytes = (0..<12).compactMap { _ in (try? bits.read(8)).map { UInt8(truncatingIfNeeded: $0) } }
            guard bytes.count == 12 else { return nil }
        }

        /// `general_profile_space`, 0 to 3.
        package var profileSpace: UInt8 { bytes[0] >> 6 }
        /// `general_tier_flag`: main or high tier.
        package var isHighTier: Bool { bytes[0] & 0x20 != 0 }
        /// `general_profile_idc`.
        package var profile: UInt8 { bytes[0] & 0x1F }
        /// `general_profile_compatibility_flag`, the flag of profile 0 in the highest bit.
        package var compatibility: UInt32 { bytes[1..<5].reduce(0) { $0 << 8 | UInt32($1) } }
        /// The six bytes from `general_progressive_source_flag` on.
        package var constraints: ArraySlice<UInt8> { bytes[5..<11] }
        /// `general_level_idc`: thirty times the level.
        package var level: UInt8 { bytes[11] }
    }
}
