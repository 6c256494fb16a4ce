extension H264.SequenceParameterSet {
    /// What the relay wants to know of the VUI (ITU-T H.264 §E.1.1).
    struct Usability {
        /// Frames per second.
        private(set) var frameRate: Double?
        /// `max_num_reorder_frames`.
        private(set) var reorderDepth: Int?

        /// Reads as far as it goes; what was read before the bits end stays.
        mutating func read(from bits: inout BitReader) throws(BitReader.Exhausted) {
            guard try bits.readFlag() else { return }
            if try bits.readFlag(), try bits.read(8) == 255 { try bits.skip(32) }
            if try bits.readFlag() { try bits.skip(1) }
            if try bits.readFlag() {
                try bits.skip(4)
                if try bits.readFlag() { try bits.skip(24) }
            }
            if try bits.readFlag() {
                _ = try bits.readUnsignedExpGolomb()
                _ = try bits.readUnsignedExpGolomb()
            }
            if try bits.readFlag() { frameRate = try Self.readFrameRate(&bits) }
            reorderDepth = try Self.readReorderDepth(&bits)
        }

        private static func readFrameRate(_ bits: inout BitReader) throws(BitReader.Exhausted) -> Double? {
            let unitsInTick = try bits.read(32)
            let timeScale = try bits.read(32)
            try bits.skip(1)
            guard unitsInTick > 0, timeScale > 0 else { return nil }
            // A tick is a field.
            let rate = Double(timeScale) / Double(unitsInTick) / 2
            return rate <= 1000 ? rate : nil
        }

        private static func readReorderDepth(_ bits: inout BitReader) throws(BitReader.Exhausted) -> Int? {
            let hasNALDecoder = try bits.readFlag()
            if hasNALDecoder { try skipHypotheticalDecoder(&bits) }
            let hasVCLDecoder = try bits.readFlag()
            if hasVCLDecoder { try skipHypotheticalDecoder(&bits) }
            if hasNALDecoder || hasVCLDecoder { try bits.skip(1) }
            try bits.skip(1)
            guard try bits.readFlag() else { return nil }
            try bits.skip(1)
            for _ in 0..<4 { _ = try bits.readUnsignedExpGolomb() }
            let depth = try bits.readUnsignedExpGolomb()
            return depth <= 16 ? Int(depth) : nil
        }

        /// `hrd_parameters` (§E.1.2).
        private static func skipHypotheticalDecoder(_ bits: inout BitReader) throws(BitReader.Exhausted) {
            let buffers = try bits.readUnsignedExpGolomb()
            guard buffers < 32 else { throw BitReader.Exhausted() }
            try bits.skip(8)
            for _ in 0...buffers {
                _ = try bits.readUnsignedExpGolomb()
                _ = try bits.readUnsignedExpGolomb()
                try bits.skip(1)
            }
            try bits.skip(20)
        }
    }
}
