import TestSupport
import Testing

@testable import Media

@Suite("H.265 parameter sets")
struct H265SequenceParameterSetTests {
    @Test(
        "Size, profile and level come out of an SPS, inside the conformance window",
        arguments: [
            (ParameterSetSamples.h265FullHD, 1920, 1080, UInt8(120)),
            (ParameterSetSamples.h265Odd, 642, 362, 63),
        ]
    )
    func parses(sample: (base64: String, width: Int, height: Int, level: UInt8)) throws {
        let set = try #require(H265.SequenceParameterSet(nalUnit: ParameterSetSamples.bytes(sample.base64)))
        #expect(set.dimensions == PictureDimensions(width: sample.width, height: sample.height))
        #expect(set.profile == 1)
        #expect(set.level == sample.level)
        #expect(!set.isHighTier)
    }

    @Test("The number of pictures that are reordered is that of the highest sub-layer")
    func reorderDepth() throws {
        let bytes = try #require(
            Hexadecimal.bytes(
                of: "42010101600000030090000003000003003ca00a080f165959a4932bc05a020000030002000003003210"))
        #expect(H265.SequenceParameterSet(nalUnit: bytes)?.reorderDepth == 2)
        #expect(H265.SequenceParameterSet(nalUnit: Array(bytes.prefix(25)))?.reorderDepth == nil)
        #expect(H265.SequenceParameterSet(nalUnit: Array(bytes.prefix(25))) != nil)
    }

    @Test("What is cut short or no SPS is refused")
    func refused() {
        let whole = ParameterSetSamples.bytes(ParameterSetSamples.h265FullHD)
        for length in 0..<20 { #expect(H265.SequenceParameterSet(nalUnit: Array(whole.prefix(length))) == nil) }
        #expect(H265.SequenceParameterSet(nalUnit: ParameterSetSamples.bytes(ParameterSetSamples.h265Video)) == nil)
    }

    @Test("I21 CRA and BLA are random access as IDR is")
    func randomAccess() {
        let types = (UInt8(0)..<64).map(H265.NALUnitType.init(rawValue:))
        #expect(types.filter(\.isRandomAccess).map(\.rawValue) == [16, 17, 18, 19, 20, 21])
        #expect(types.filter(\.isParameterSet).map(\.rawValue) == [32, 33, 34])
        #expect(H265.NALUnitType(header: 0x42) == .sequenceParameterSet)
        #expect(H265.NALUnitType(header: 0x62) == .fragmentation)
    }

    @Test("Mutated parameter sets never trap, and sizes stay within the largest level")
    func mutations() {
        var generator = SeededGenerator(seed: 265)
        let samples = [ParameterSetSamples.h265FullHD, ParameterSetSamples.h265Odd].map(ParameterSetSamples.bytes)
        var parsed = 0
        for round in 0..<6000 {
            guard let set = H265.SequenceParameterSet(nalUnit: generator.mutated(samples[round % samples.count])) else {
                continue
            }
            parsed += 1
            #expect((1...16_888).contains(set.dimensions.width) && (1...16_888).contains(set.dimensions.height))
        }
        #expect(parsed > 500)
    }
}
