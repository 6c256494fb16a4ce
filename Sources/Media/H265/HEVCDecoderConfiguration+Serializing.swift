extension HEVCDecoderConfiguration {
    /// The record of an `hvc1` sample entry, for samples whose NAL units stand behind four bytes of length.
    ///
    /// `nil` where there is no readable SPS or a kind is missing, and for more or longer sets than the record can hold.
    package static func serialized(
        videoParameterSets: [[UInt8]], sequenceParameterSets: [[UInt8]], pictureParameterSets: [[UInt8]]
    ) -> [UInt8]? {
        let arrays: [(type: H265.NALUnitType, sets: [[UInt8]])] = [
            (.videoParameterSet, videoParameterSets), (.sequenceParameterSet, sequenceParameterSets),
            (.pictureParameterSet, pictureParameterSets),
        ]
        guard let first = sequenceParameterSets.first,
            let profile = H265.ProfileTierLevel(sequenceParameterSet: first),
            let format = SampleFormat(sequenceParameterSet: first),
            arrays.allSatisfy({ (1...Self.mostUnits).contains($0.sets.count) }),
            arrays.allSatisfy({ $0.sets.allSatisfy { $0.count <= UInt16.max } })
        else { return nil }
        var record: [UInt8] = [1]
        record += profile.bytes
        // Nothing is said of spatial segments, of parallel decoding and of the frame rate.
        record += [0xF0, 0, 0xFC]
        record += [0xFC | format.chroma, 0xF8 | format.lumaDepth, 0xF8 | format.chromaDepth]
        record += [0, 0, format.temporalLayers << 3 | (format.nestsTemporalLayers ? 4 : 0) | 3]
        record.append(UInt8(arrays.count))
        for (type, sets) in arrays {
            // Complete: what `hvc1` promises.
            record.append(0x80 | type.rawValue)
            record += [UInt8(truncatingIfNeeded: sets.count >> 8), UInt8(truncatingIfNeeded: sets.count)]
            for set in sets { record.append(lengthPrefixed: set) }
        }
        return record
    }

    /// What the record repeats out of an SPS.
    private struct SampleFormat {
        /// `sps_max_sub_layers_minus1` + 1.
        let temporalLayers: UInt8
        let nestsTemporalLayers: Bool
        /// `chroma_format_idc`.
        let chroma: UInt8
        /// Bits of a sample less eight.
        let lumaDepth, chromaDepth: UInt8

        init?(sequenceParameterSet: [UInt8]) {
            var bits = BitReader(nalUnit: sequenceParameterSet)
            guard let parsed = try? Self(reading: &bits) else { return nil }
            self = parsed
        }

        private init(reading bits: inout BitReader) throws(BitReader.Exhausted) {
            try bits.skip(16 + 4)
            let subLayers = try bits.read(3)
            temporalLayers = UInt8(subLayers) + 1
            nestsTemporalLayers = try bits.readFlag()
            try bits.skip(96)
            try H265.SequenceParameterSet.skipSubLayers(&bits, count: Int(subLayers))
            _ = try bits.readUnsignedExpGolomb()
            let format = try bits.readUnsignedExpGolomb()
            if format == 3 { try bits.skip(1) }
            for _ in 0..<2 { _ = try bits.readUnsignedExpGolomb() }
            if try bits.readFlag() { _ = try CroppingWindow(reading: &bits) }
            let (luma, other) = (try bits.readUnsignedExpGolomb(), try bits.readUnsignedExpGolomb())
            guard format <= 3, luma <= 7, other <= 7 else { throw BitReader.Exhausted() }
            chroma = UInt8(format)
            lumaDepth = UInt8(luma)
            chromaDepth = UInt8(other)
        }
    }
}
