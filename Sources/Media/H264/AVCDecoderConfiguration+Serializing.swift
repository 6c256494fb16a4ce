extension AVCDecoderConfiguration {
    /// The record for samples whose NAL units stand behind four bytes of length.
    ///
    /// `nil` where there is no readable SPS or no PPS, and for more or longer sets than the record can hold.
    package static func serialized(
        sequenceParameterSets: [[UInt8]], pictureParameterSets: [[UInt8]]
    ) -> [UInt8]? {
        guard let first = sequenceParameterSets.first, let sequence = H264.SequenceParameterSet(nalUnit: first),
            sequenceParameterSets.count <= 31, (1...255).contains(pictureParameterSets.count),
            (sequenceParameterSets + pictureParameterSets).allSatisfy({ $0.count <= UInt16.max })
        else { return nil }
        var record: [UInt8] = [1, sequence.profile, sequence.constraints, sequence.level, 0xFC | 3]
        record.append(0xE0 | UInt8(sequenceParameterSets.count))
        for set in sequenceParameterSets { record.append(lengthPrefixed: set) }
        record.append(UInt8(pictureParameterSets.count))
        for set in pictureParameterSets { record.append(lengthPrefixed: set) }
        // The high profiles tell the samples' format too, and how many SPS extensions follow: none.
        if [100, 110, 122, 144, 244].contains(sequence.profile), let format = sampleFormat(of: first) {
            record += [0xFC | format.chroma, 0xF8 | format.lumaDepth, 0xF8 | format.chromaDepth, 0]
        }
        return record
    }

    /// `chroma_format_idc` and the bits of a sample less eight, as an SPS of the high profiles begins.
    private static func sampleFormat(of set: [UInt8]) -> (chroma: UInt8, lumaDepth: UInt8, chromaDepth: UInt8)? {
        var bits = BitReader(nalUnit: set)
        do throws(BitReader.Exhausted) {
            try bits.skip(32)
            _ = try bits.readUnsignedExpGolomb()
            let chroma = try bits.readUnsignedExpGolomb()
            if chroma == 3 { try bits.skip(1) }
            let (luma, other) = (try bits.readUnsignedExpGolomb(), try bits.readUnsignedExpGolomb())
            guard chroma <= 3, luma <= 6, other <= 6 else { return nil }
            return (UInt8(chroma), UInt8(luma), UInt8(other))
        } catch {
            return nil
        }
    }
}

extension [UInt8] {
    /// `unit` behind its length in two bytes, as both records have it; longer ones are not to be given.
    mutating func append(lengthPrefixed unit: [UInt8]) {
        append(UInt8(truncatingIfNeeded: unit.count >> 8))
        append(UInt8(truncatingIfNeeded: unit.count))
        append(contentsOf: unit)
    }
}
