import Media
import NIOCore
import TestSupport
import Testing

@testable import ISOMedia

@Suite struct MediaTrackFormatTests {
    static let sps: [UInt8] = [
        0x67, 0x42, 0xC0, 0x0B, 0xDA, 0x02, 0x83, 0xF6, 0x02, 0x20, 0, 0, 3, 0, 0x20, 0, 0, 6, 0x41, 0xE2, 0x85, 0x54,
    ]
    static let pps: [UInt8] = [0x68, 0xCE, 0x0F, 0xC8]
    /// `lengthSize` 1, 2 or 4.
    static func avcC(lengthSize: UInt8 = 4, sets: Bool = true) -> [UInt8] {
        let head: [UInt8] = [1, 0x42, 0xC0, 0x0B, 0xFC | (lengthSize - 1)]
        let known = sets ? [0xE1, 0, UInt8(sps.count)] + sps + [1, 0, UInt8(pps.count)] + pps : [0xE0, 0]
        return HandmadeMovie.box("avcC", head + known)
    }

    private func format(_ type: FourCC, _ description: [UInt8], sample: [UInt8] = [1, 2, 3, 4]) throws
        -> MediaTrackFormat
    {
        let movie = HandmadeMovie(type, description, samples: [sample])
        return try MediaTrackFormat(movie.movie.tracks[0], in: movie.bytes)
    }

    private func reason(_ type: FourCC, _ description: [UInt8], sample: [UInt8] = [1, 2, 3, 4]) throws -> String {
        do {
            return "carried: " + (try format(type, description, sample: sample).mediaDescription)
        } catch let error as MovieError {
            guard case .nothingToPlay(let reason) = error else { throw error }
            return reason
        }
    }

    @Test("H.264 is described with its parameter sets, and they may be in the samples")
    func h264() throws {
        let description = try format("avc1", HandmadeMovie.picture(Self.avcC())).mediaDescription
        #expect(
            description == "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1;"
                + "profile-level-id=42C00B;sprop-parameter-sets=Z0LAC9oCg/YCIAAAAwAgAAAGQeKFVA==,aM4PyA==\r\n")
        func prefixed(_ unit: [UInt8]) -> [UInt8] { [0, 0, 0, UInt8(unit.count)] + unit }
        let sample = prefixed(Self.sps) + prefixed(Self.pps) + prefixed([0x65, 0x88, 1])
        let inBand = try format("avc3", HandmadeMovie.picture(Self.avcC(sets: false)), sample: sample)
        #expect(inBand.mediaDescription == description)
    }

    @Test(
        "sound is described as its payload format has it",
        arguments: [
            (
                "mp4a", HandmadeMovie.sound(HandmadeMovie.esds(0x40, [0x12, 0x10])), 97, "MPEG4-GENERIC/44100/2",
                "mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;streamtype=5;profile-level-id=1;config=1210"
            ),
            ("mp4a", HandmadeMovie.sound(HandmadeMovie.esds(0x6B, [])), 14, "MPA/90000", nil),
            (".mp3", HandmadeMovie.sound(), 14, "MPA/90000", nil),
            ("samr", HandmadeMovie.sound(channels: 2), 97, "AMR/8000", "octet-align=1"),
            ("sawb", HandmadeMovie.sound(channels: 2), 97, "AMR-WB/16000", "octet-align=1"),
            ("ulaw", HandmadeMovie.sound(), 0, "PCMU/8000", nil), ("alaw", HandmadeMovie.sound(), 8, "PCMA/8000", nil),
            ("alaw", HandmadeMovie.sound(channels: 2, rate: 16_000), 97, "PCMA/16000/2", nil),
            ("twos", HandmadeMovie.sound(channels: 2, rate: 44_100), 10, "L16/44100/2", nil),
            ("sowt", HandmadeMovie.sound(rate: 44_100), 11, "L16/44100", nil),
            (
                "Opus", HandmadeMovie.sound(HandmadeMovie.box("dOps", [0, 2, 1, 0x38, 0, 0, 0xBB, 0x80, 0, 0, 0])), 97,
                "opus/48000/2", "sprop-stereo=1"
            ),
        ] as [(FourCC, [UInt8], Int, String, String?)])
    func sound(type: FourCC, description: [UInt8], payloadType: Int, map: String, parameters: String?) throws {
        var expected = "m=audio 0 RTP/AVP \(payloadType)\r\na=rtpmap:\(payloadType) \(map)\r\n"
        if let parameters { expected += "a=fmtp:\(payloadType) \(parameters)\r\n" }
        #expect(try format(type, description).mediaDescription == expected)
    }

    @Test("pictures are described as their payload format has it")
    func pictures() throws {
        let sequence: [UInt8] = [0, 0, 1, 0xB0, 0xF3, 0, 0, 1, 0xB5]
        let visual = try format("mp4v", HandmadeMovie.picture(HandmadeMovie.esds(0x20, sequence)))
        #expect(
            visual.mediaDescription == "m=video 0 RTP/AVP 96\r\na=rtpmap:96 MP4V-ES/90000\r\n"
                + "a=fmtp:96 profile-level-id=243;config=000001B0F3000001B5\r\n")
        let jpeg = try format("jpeg", HandmadeMovie.picture([]), sample: SampleJPEG().bytes)
        #expect(jpeg.mediaDescription == "m=video 0 RTP/AVP 26\r\na=rtpmap:26 JPEG/90000\r\n")
        let phone = try format("s263", HandmadeMovie.picture([]))
        #expect(phone.mediaDescription == "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H263-1998/90000\r\n")
    }

    @Test("QuickTime's AAC has its esds in a wave box")
    func quickTime() throws {
        var fields = HandmadeMovie.sound(channels: 2, rate: 44_100)
        fields[1] = 1
        let wave = HandmadeMovie.box(
            "wave",
            HandmadeMovie.box("frma", Array("mp4a".utf8)) + HandmadeMovie.esds(0x40, [0x12, 0x10])
                + [0, 0, 0, 8, 0, 0, 0, 0])
        let description = fields + [UInt8](repeating: 0, count: 16) + wave
        #expect(try format("mp4a", description).mediaDescription.contains("config=1210"))
    }

    @Test("version 2 of QuickTime's sound tells rate, bits and order in fields of its own")
    func quickTimeVersion2() throws {
        var fields = HandmadeMovie.sound()
        fields[1] = 2
        let rate = HandmadeMovie.number(UInt32(Double(96_000).bitPattern >> 32)) + HandmadeMovie.number(0)
        func description(flags: UInt32, bits: UInt32) -> [UInt8] {
            fields + HandmadeMovie.number(72) + rate
                + [2, 0x7F00_0000, bits, flags, bits / 4, 1].flatMap { HandmadeMovie.number($0) }
        }
        let little = try format("lpcm", description(flags: 4, bits: 24))
        #expect(little.mediaDescription.contains("L24/96000/2"))
        guard case .waveform(let form)? = little.forms[0] else {
            Issue.record("no waveform")
            return
        }
        #expect(
            form
                == WaveformForm(
                    sampleRate: 96_000, channels: 2,
                    numbers: StoredNumbers(kind: .signed, size: 3, isLittleEndian: true)))
        #expect(form.bytesPerFrame == 6)
        guard case .waveform(let big)? = try format("lpcm", description(flags: 6, bits: 16)).forms[0] else {
            Issue.record("no waveform")
            return
        }
        #expect(big.numbers.isAsSent)
        let floating = try format("lpcm", description(flags: 1, bits: 32))
        #expect(floating.mediaDescription.contains("L24/96000/2"))
        #expect(try format("lpcm", description(flags: 0, bits: 8)).mediaDescription.contains("L16/96000/2"))
        #expect(try reason("lpcm", description(flags: 4, bits: 20)).contains("lpcm with 20 bits"))
    }

    @Test("what cannot be carried is told with its reason")
    func reasons() throws {
        #expect(try reason("avc1", HandmadeMovie.picture([])).contains("avcC"))
        #expect(try reason("hvc1", HandmadeMovie.picture(HandmadeMovie.box("hvcC", [1, 2]))).contains("hvcC"))
        #expect(try reason("encv", HandmadeMovie.picture([])).contains("encrypted"))
        #expect(try reason("ap4h", HandmadeMovie.picture([])).contains("ap4h"))
        #expect(try reason("mp4a", HandmadeMovie.sound(HandmadeMovie.esds(0xDD, []))).contains("0xDD"))
        #expect(try reason("mp4a", HandmadeMovie.sound(HandmadeMovie.esds(0x40, []))).contains("AudioSpecificConfig"))
        #expect(try reason("twos", HandmadeMovie.sound(bits: 12)).contains("12 bits"))
        let surround = HandmadeMovie.box("dOps", [0, 6, 1, 0x38, 0, 0, 0xBB, 0x80, 0, 0, 1])
        #expect(try reason("Opus", HandmadeMovie.sound(surround)).contains("6 channels"))
        var picture = SampleJPEG()
        picture.frameMarker = 0xC2
        #expect(try reason("jpeg", HandmadeMovie.picture([]), sample: picture.bytes).contains("baseline"))
    }

    @Test("the descriptor of a stream is read past what it does not need")
    func descriptor() throws {
        // Depends on a stream, has a URL and a clock; lengths of one byte.
        let inner: [UInt8] = [4, 15, 0x40, 0x15, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xF4, 0, 5, 0]
        let stream: [UInt8] = [0, 1, 0xE0, 0, 2, 1, 0x41, 0, 3] + inner
        let parsed = try #require(
            ElementaryStreamDescriptor(parsing: ByteBuffer(bytes: [0, 0, 0, 0, 3, UInt8(stream.count)] + stream)))
        #expect(parsed.objectType == 0x40 && parsed.averageBitRate == 128_000 && parsed.specific.isEmpty)
        #expect(parsed.bandwidth == 128)
        #expect(ElementaryStreamDescriptor(parsing: ByteBuffer()) == nil)
    }
}
