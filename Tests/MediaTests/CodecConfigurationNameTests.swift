import Testing

@testable import Media

@Suite("Codec names of RFC 6381")
struct CodecConfigurationNameTests {
    private static func h265(_ change: (inout [UInt8]) -> Void) -> CodecConfiguration {
        var set = ParameterSetSamples.bytes(ParameterSetSamples.h265FullHD)
        change(&set)
        return .h265(videoParameterSets: [], sequenceParameterSets: [set], pictureParameterSets: [])
    }

    @Test(
        "H.264 is named by profile, constraints and level of its SPS",
        arguments: [
            (ParameterSetSamples.h264FullHD, "avc1.640028"), (ParameterSetSamples.h264Wide, "avc1.640032"),
            (ParameterSetSamples.h264Baseline, "avc1.42C00C"),
        ])
    func h264(sample: (base64: String, name: String)) {
        let configuration = CodecConfiguration.h264(
            sequenceParameterSets: [ParameterSetSamples.bytes(sample.base64)], pictureParameterSets: [])
        #expect(configuration.codecString == sample.name)
    }

    @Test("H.265 is named by profile, compatibility, tier, level and constraints, zeros at the end left out")
    func h265() {
        #expect(Self.h265 { _ in }.codecString == "hvc1.1.6.L120.90")
        // The example of ISO/IEC 14496-15 §E.3, and Main 10.
        #expect(
            Self.h265 { set in
                // 01 | profile | compatibility, with emulation prevention | constraints | level
                set[9] = 0xB0
                set[17] = 93
            }.codecString == "hvc1.1.6.L93.B0")
        #expect(
            Self.h265 { set in
                set[3] = 0x02
                set[4] = 0x20
            }.codecString == "hvc1.2.4.L120.90")
        #expect(Self.h265 { $0[3] = 0xA1 }.codecString == "hvc1.B1.6.H120.90")
        #expect(Self.h265 { $0[9] = 0 }.codecString == "hvc1.1.6.L120")
    }

    @Test("AAC is named by its object type")
    func aac() {
        #expect(CodecConfiguration.aac(audioSpecificConfig: [0x12, 0x10]).codecString == "mp4a.40.2")
        #expect(CodecConfiguration.aac(audioSpecificConfig: [0x2B, 0x92, 0x08, 0x00]).codecString == "mp4a.40.5")
        #expect(CodecConfiguration.aac(audioSpecificConfig: []).codecString == nil)
    }

    @Test("What is not known yet, or plays nowhere, has no name")
    func others() {
        #expect(CodecConfiguration.none.codecString == nil)
        #expect(
            CodecConfiguration.h264(sequenceParameterSets: [], pictureParameterSets: [[0x68]]).codecString == nil)
        func name(_ codec: Codec) -> String? { TrackFormat(payloadType: 96, codec: codec).codecString }
        #expect(name(.opus) == "opus" && name(.mpegAudio) == "mp4a.40.34")
        #expect(name(.h264) == nil && name(.pcmu) == nil && name(.mjpeg) == nil && name(.other(nil)) == nil)
    }
}
