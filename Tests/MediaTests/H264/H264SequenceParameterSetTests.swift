import TestSupport
import Testing

@testable import Media

@Suite("H.264 parameter sets")
struct H264SequenceParameterSetTests {
    @Test(
        "Size, profile, level and rate come out of an SPS, cropped",
        arguments: [
            (ParameterSetSamples.h264FullHD, 1920, 1080, "640028", 25.0),
            (ParameterSetSamples.h264Wide, 2304, 1296, "640032", 25),
            (ParameterSetSamples.h264Baseline, 350, 288, "42C00C", 15),
            (ParameterSetSamples.h264Interlaced422, 720, 576, "7A001E", 25),
            (ParameterSetSamples.h264Lossless444, 350, 290, "F40015", 15),
        ]
    )
    func parses(sample: (base64: String, width: Int, height: Int, profileLevelID: String, rate: Double)) throws {
        let set = try #require(H264.SequenceParameterSet(nalUnit: ParameterSetSamples.bytes(sample.base64)))
        #expect(set.dimensions == PictureDimensions(width: sample.width, height: sample.height))
        #expect(set.profileLevelID == sample.profileLevelID)
        #expect(set.frameRate == sample.rate)
    }

    @Test(
        "The number of pictures that are reordered comes out of the VUI, behind a buffer model or not, or is known to be none",
        arguments: [
            ("6764000dacd94141fb011000000300100000030320f1429960", 2),
            ("6764000dacb20283f60220000003002000000651e28549", 0),
            ("67640014acd94141fb01100000030010000003032604000f424001e84a4c30078a14cb", 2),
            // Baseline.
            ("6742c00dd90141fb011000000300100000030320f142a480", 0),
        ])
    func reorderDepth(hexadecimal: String, depth: Int) throws {
        let bytes = try #require(Hexadecimal.bytes(of: hexadecimal))
        #expect(H264.SequenceParameterSet(nalUnit: bytes)?.reorderDepth == depth)
        let sets = CodecConfiguration.h264(sequenceParameterSets: [bytes], pictureParameterSets: [])
        #expect(sets.reorderDepth == depth)
        #expect(H264.SequenceParameterSet(nalUnit: Array(bytes.prefix(14)))?.reorderDepth ?? 0 == 0)
    }

    @Test("An SPS cut off in its VUI still tells the size; one cut off before tells nothing")
    func truncated() {
        let whole = ParameterSetSamples.bytes(ParameterSetSamples.h264FullHD)
        let size = PictureDimensions(width: 1920, height: 1080)
        #expect(H264.SequenceParameterSet(nalUnit: Array(whole.prefix(18)))?.dimensions == size)
        #expect(H264.SequenceParameterSet(nalUnit: Array(whole.prefix(18)))?.frameRate == nil)
        for length in 0..<10 {
            #expect(H264.SequenceParameterSet(nalUnit: Array(whole.prefix(length))) == nil)
        }
    }

    @Test("Another NAL unit is no SPS")
    func otherTypes() {
        #expect(H264.SequenceParameterSet(nalUnit: ParameterSetSamples.bytes(ParameterSetSamples.h264Picture)) == nil)
        #expect(H264.SequenceParameterSet(nalUnit: ParameterSetSamples.bytes(ParameterSetSamples.h265FullHD)) == nil)
    }

    @Test("NAL unit types are the low five bits of the header")
    func types() {
        #expect(H264.NALUnitType(header: 0x67) == .sequenceParameterSet)
        #expect(H264.NALUnitType(header: 0x65) == .idrSlice)
        #expect(H264.NALUnitType(header: 0x7C) == .fuA)
        #expect(H264.NALUnitType.pictureParameterSet.isParameterSet)
        #expect(H264.NALUnitType.slice.isSlice && !H264.NALUnitType.supplementalEnhancement.isSlice)
    }

    @Test("Mutated parameter sets never trap, and sizes stay within the largest level")
    func mutations() {
        var generator = SeededGenerator(seed: 264)
        let samples = [
            ParameterSetSamples.h264FullHD, ParameterSetSamples.h264Interlaced422, ParameterSetSamples.h264Lossless444,
        ].map(ParameterSetSamples.bytes)
        var parsed = 0
        for round in 0..<6000 {
            guard let set = H264.SequenceParameterSet(nalUnit: generator.mutated(samples[round % samples.count])) else {
                continue
            }
            parsed += 1
            #expect((1...16_384).contains(set.dimensions.width) && (1...32_768).contains(set.dimensions.height))
        }
        #expect(parsed > 500)
    }
}
