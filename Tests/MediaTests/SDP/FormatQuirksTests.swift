import Testing

@testable import Media

@Suite("Formats as cameras write them")
struct FormatQuirksTests {
    private let sequence = ParameterSetSamples.bytes(ParameterSetSamples.h264FullHD)
    private let picture = ParameterSetSamples.bytes(ParameterSetSamples.h264Picture)

    private func h264(_ parameters: String) throws -> TrackFormat {
        try track("m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:96 \(parameters)\n").primary
    }

    @Test("Parameter sets are read out of sprop-parameter-sets, in any case and order")
    func parameterSets() throws {
        let sets = "\(ParameterSetSamples.h264Picture),\(ParameterSetSamples.h264FullHD)"
        let expected = CodecConfiguration.h264(sequenceParameterSets: [sequence], pictureParameterSets: [picture])
        #expect(try h264("packetization-mode=1; Sprop-Parameter-Sets=\(sets)").configuration == expected)
        #expect(try h264("sprop-parameter-sets=\"\(sets)\";").configuration == expected)
    }

    @Test("C18 start codes are stripped from parameter sets")
    func startCodes() throws {
        let sets = [sequence, picture].map { Base64.encode([0, 0, 0, 1] + $0) }
        #expect(sets[0].hasPrefix("AAAAAWdk"))
        let both = Base64.encode(AnnexB.byteStream(of: [sequence, picture]))
        for value in [sets.joined(separator: ","), both] {
            #expect(
                try h264("sprop-parameter-sets=\(value)").configuration
                    == .h264(sequenceParameterSets: [sequence], pictureParameterSets: [picture])
            )
        }
    }

    @Test("C19 H.265 parameter sets on an H.264 line are ignored, and so is what is no Base64")
    func foreignSets() throws {
        let sets =
            "\(ParameterSetSamples.h265Video),\(ParameterSetSamples.h265FullHD),\(ParameterSetSamples.h265Picture)"
        #expect(try h264("sprop-parameter-sets=\(sets)").configuration == .none)
        #expect(try h264("sprop-parameter-sets=%%%,????").configuration == .none)
        #expect(try h264("sprop-parameter-sets=Z2Q=").configuration == .none)
    }

    @Test("C20 an empty sprop-parameter-sets is none")
    func emptySets() throws {
        #expect(try h264("profile-level-id=420029; sprop-parameter-sets=").configuration == .none)
    }

    @Test("C21 an empty PPS is absent, and the SPS beside it is kept")
    func emptyPicture() throws {
        let format = try h264("sprop-parameter-sets=\(ParameterSetSamples.h264FullHD),")
        #expect(format.configuration == .h264(sequenceParameterSets: [sequence], pictureParameterSets: []))
        #expect(!format.configuration.isComplete)
    }

    @Test("C22 an a=fmtp under the wrong media is found by its payload type")
    func strayParameters() throws {
        let description = try parse(
            """
            v=0
            m=video 0 RTP/AVP 96
            a=rtpmap:96 H264/90000
            m=audio 0 RTP/AVP 8
            a=rtpmap:8 PCMA/8000
            a=fmtp:96 sprop-parameter-sets=\(ParameterSetSamples.h264FullHD),\(ParameterSetSamples.h264Picture)

            """
        )
        #expect(description.tracks[0].primary.configuration.isComplete)
        #expect(description.tracks[1].primary.parameters == FormatParameters())
    }

    @Test("C22 an a=fmtp is not lent to another media that shares the payload type with its own")
    func ownedParameters() throws {
        let description = try parse(
            "v=0\nm=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\nm=audio 0 RTP/AVP 96\na=rtpmap:96 L16/8000\na=fmtp:96 emphasis=50-15"
        )
        #expect(description.tracks[0].primary.parameters == FormatParameters())
        #expect(description.tracks[1].primary.parameters["emphasis"] == "50-15")
    }

    @Test("C27 an absent packetization-mode is no reason to refuse")
    func packetizationMode() throws {
        let format = try h264("profile-level-id=420029")
        #expect(format.codec == .h264)
        #expect(format.parameters["packetization-mode"] == nil)
    }

    @Test("C28 H.265 with some of its parameter sets only is not complete")
    func partialH265() throws {
        let media = "m=video 0 RTP/AVP 96\na=rtpmap:96 HEVC/90000\n"
        let partial = try track(media + "a=fmtp:96 sprop-sps=\(ParameterSetSamples.h265FullHD); sprop-pps=\n").primary
        #expect(partial.codec == .h265)
        #expect(!partial.configuration.isComplete)
        let whole = try track(
            media + "a=fmtp:96 sprop-vps=\(ParameterSetSamples.h265Video);sprop-sps=\(ParameterSetSamples.h265FullHD);"
                + "sprop-pps=\(ParameterSetSamples.h265Picture)\n"
        ).primary
        #expect(whole.configuration.isComplete)
        #expect(whole.configuration.dimensions == PictureDimensions(width: 1920, height: 1080))
        #expect(
            try track(media + "a=fmtp:96 sprop-sps=\(ParameterSetSamples.h264FullHD)\n").primary.configuration == .none)
    }

    @Test("C30 Hikvision's PCM on payload type 11 is 48 kHz mono, not the static L16")
    func hikvisionPCM() throws {
        let format = try track("m=audio 0 RTP/AVP 11\na=rtpmap:11 PCM/48000\n").primary
        #expect(format.codec == .other("PCM"))
        #expect(format.clockRate == 48_000)
        #expect(format.channels == 1)
    }

    @Test("C31 AAC with a misspelt mode, no index lengths and a tail of its own is AAC")
    func misspeltAAC() throws {
        let format = try track(
            """
            m=audio 0 RTP/AVP 97
            a=rtpmap:97 mpeg4-generic/48000/2
            a=fmtp:97 streamtype=5;profile-level-id=1;mode=AAC_hbr;sizelength=13;config=1190;Profile=1;

            """
        ).primary
        #expect(format.codec == .aac)
        #expect(format.configuration == .aac(audioSpecificConfig: [0x11, 0x90]))
        #expect(AACHeaderLengths(format.parameters) == AACHeaderLengths(size: 13, index: 0, indexDelta: 0))
    }

    @Test("An AAC config that is no AudioSpecificConfig is ignored; one that is completes the a=rtpmap")
    func configurations() throws {
        let media = "m=audio 0 RTP/AVP 97\na=rtpmap:97 MPEG4-GENERIC\n"
        #expect(try track(media + "a=fmtp:97 config=\n").primary.configuration == .none)
        #expect(try track(media + "a=fmtp:97 config=xyz\n").primary.configuration == .none)
        let format = try track(media + "a=fmtp:97 config=\"1408\"\n").primary
        #expect(format.clockRate == 16_000)
        #expect(format.channels == 1)
    }

    @Test("C32 Opus is 48000/2 whatever is written", arguments: ["OPUS/48000/1", "opus/16000", "opus/48000/2", "Opus"])
    func opus(map: String) throws {
        let format = try track("m=audio 0 RTP/AVP 111\na=rtpmap:111 \(map)\n").primary
        #expect(format.codec == .opus)
        #expect(format.clockRate == 48_000)
        #expect(format.channels == 2)
    }

    @Test("J6 G.711 of another rate or number of channels keeps them")
    func wideG711() throws {
        let format = try track("m=audio 0 RTP/AVP 8\na=rtpmap:8 PCMA/16000/2\n").primary
        #expect(format.codec == .pcma)
        #expect(format.clockRate == 16_000)
        #expect(format.channels == 2)
    }

    @Test("Parameters keep their order, their case and every = but the first")
    func parameters() {
        let parameters = FormatParameters(parsing: " a=1; B = Zg== ;0-15;; ;c=")
        #expect(parameters.text == "a=1;B=Zg==;0-15;c=")
        #expect(parameters["b"] == "Zg==")
        #expect(parameters.parameters[2].value == nil)
        let many = String(repeating: "x=1;", count: 1000)
        #expect(FormatParameters(parsing: many).parameters.count == 64)
    }
}
