import TestSupport
import Testing

@testable import Media

@Suite("Records of MP4 for H.264 and H.265")
struct DecoderConfigurationTests {
    private static let h264 = (
        sequence: ParameterSetSamples.bytes(ParameterSetSamples.h264FullHD),
        picture: ParameterSetSamples.bytes(ParameterSetSamples.h264Picture)
    )
    private static let h265 = (
        video: ParameterSetSamples.bytes(ParameterSetSamples.h265Video),
        sequence: ParameterSetSamples.bytes(ParameterSetSamples.h265FullHD),
        picture: ParameterSetSamples.bytes(ParameterSetSamples.h265Picture)
    )

    @Test("avcC has profile, level, the sets and the samples' format, and reads back")
    func avc() throws {
        let record = try #require(
            AVCDecoderConfiguration.serialized(
                sequenceParameterSets: [Self.h264.sequence], pictureParameterSets: [Self.h264.picture]))
        #expect(record.prefix(6) == [1, 0x64, 0, 0x28, 0xFF, 0xE1])
        #expect(record.suffix(4) == [0xFD, 0xF8, 0xF8, 0])
        let parsed = try #require(AVCDecoderConfiguration(parsing: record))
        #expect(parsed.lengthSize == 4 && parsed.parameterSets == [Self.h264.sequence, Self.h264.picture])
    }

    @Test("The samples' format of 4:2:2 and 4:4:4 stands in avcC, and none in that of the baseline profile")
    func avcFormats() throws {
        func tail(_ base64: String) throws -> ArraySlice<UInt8> {
            try #require(
                AVCDecoderConfiguration.serialized(
                    sequenceParameterSets: [ParameterSetSamples.bytes(base64)],
                    pictureParameterSets: [Self.h264.picture])
            ).suffix(4)
        }
        #expect(try tail(ParameterSetSamples.h264Interlaced422)[...].first == 0xFE)
        #expect(try tail(ParameterSetSamples.h264Lossless444).first == 0xFF)
        #expect(Array(try tail(ParameterSetSamples.h264Baseline)) == Self.h264.picture.suffix(4))
    }

    @Test("hvcC has profile, tier and level, promises all sets, and reads back")
    func hevc() throws {
        let record = try #require(
            HEVCDecoderConfiguration.serialized(
                videoParameterSets: [Self.h265.video], sequenceParameterSets: [Self.h265.sequence],
                pictureParameterSets: [Self.h265.picture]))
        #expect(record.prefix(13) == [1, 1, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 120])
        #expect(record[13..<23] == [0xF0, 0, 0xFC, 0xFD, 0xF8, 0xF8, 0, 0, 0x0F, 3])
        #expect(record[23] == 0x80 | 32)
        let parsed = try #require(HEVCDecoderConfiguration(parsing: record))
        #expect(parsed.lengthSize == 4)
        #expect(parsed.units == [Self.h265.video, Self.h265.sequence, Self.h265.picture])
    }

    @Test("What is missing, unreadable or too long makes no record")
    func refused() {
        let long = [UInt8](repeating: 0x68, count: 70_000)
        #expect(AVCDecoderConfiguration.serialized(sequenceParameterSets: [], pictureParameterSets: [[0x68]]) == nil)
        #expect(
            AVCDecoderConfiguration.serialized(
                sequenceParameterSets: [Self.h264.sequence], pictureParameterSets: [long]) == nil)
        #expect(
            AVCDecoderConfiguration.serialized(sequenceParameterSets: [[0x67]], pictureParameterSets: [[0x68]]) == nil)
        #expect(
            HEVCDecoderConfiguration.serialized(
                videoParameterSets: [], sequenceParameterSets: [Self.h265.sequence], pictureParameterSets: [[0x44]])
                == nil)
    }

    @Test("Records of mutated sets never trap, and read back where there is one")
    func mutations() {
        var generator = SeededGenerator(seed: 14_496)
        for _ in 0..<2000 {
            let (first, second) = (generator.mutated(Self.h264.sequence), generator.mutated(Self.h265.sequence))
            if let record = AVCDecoderConfiguration.serialized(
                sequenceParameterSets: [first], pictureParameterSets: [Self.h264.picture])
            {
                #expect(AVCDecoderConfiguration(parsing: record)?.parameterSets.first == first)
            }
            if let record = HEVCDecoderConfiguration.serialized(
                videoParameterSets: [Self.h265.video], sequenceParameterSets: [second],
                pictureParameterSets: [Self.h265.picture])
            {
                #expect(HEVCDecoderConfiguration(parsing: record)?.units[1] == second)
            }
            let name = CodecConfiguration.h265(
                videoParameterSets: [], sequenceParameterSets: [second], pictureParameterSets: []
            ).codecString
            #expect(name?.hasPrefix("hvc1.") ?? true)
        }
    }
}
