import CLibAV
import Media

/// How the sound of a track is decoded, and as what it is coded anew.
struct SoundFormat {
    /// libavcodec's decoder.
    let decoder: AVCodecID
    /// Of what is decoded, in Hz: the RTP clock, but for G.722 (RFC 3551 §4.5.2).
    let sampleRate: Int
    let channels: Int
    /// Of a sample of G.726; 0 where the codec tells.
    let bitsPerSample: Int
    /// What the decoder has to know of AAC.
    private var configuration: [UInt8] = []

    /// `nil` for what cannot be decoded here.
    init?(_ format: TrackFormat) {
        let rate = format.clockRate ?? 8000
        let channels = format.channels ?? (format.codec == .opus ? 2 : 1)
        guard (4000...192_000).contains(rate), (1...2).contains(channels) else { return nil }
        var bits = 0
        switch format.codec {
        case .pcmu: decoder = AV_CODEC_ID_PCM_MULAW
        case .pcma: decoder = AV_CODEC_ID_PCM_ALAW
        case .opus: decoder = AV_CODEC_ID_OPUS
        case .linear16: decoder = AV_CODEC_ID_PCM_S16BE
        case .other("G722"): decoder = AV_CODEC_ID_ADPCM_G722
        case .other(let name?):
            // RFC 3551 §4.5.4 packs from the lowest bit up, ITU-T I.366.2 Annex E from the highest down.
            guard let dash = name.lastIndex(of: "-"), let kilobits = Int(name[name.index(after: dash)...]),
                [16, 24, 32, 40].contains(kilobits), channels == 1
            else { return nil }
            switch name[..<dash] {
            case "G726": decoder = AV_CODEC_ID_ADPCM_G726LE
            case "AAL2-G726": decoder = AV_CODEC_ID_ADPCM_G726
            default: return nil
            }
            bits = kilobits / 8
        case .h264, .h265, .mjpeg, .aac, .other(nil): return nil
        }
        // Whatever the description says: RFC 7587 §4.1, and quirk C32.
        sampleRate = format.codec == .opus ? 48_000 : decoder == AV_CODEC_ID_ADPCM_G722 ? rate * 2 : rate
        self.channels = channels
        bitsPerSample = bits
    }

    /// Of sound as files store it, of which MPEG audio and AMR are other than over RTP; `nil` for what cannot be decoded here.
    ///
    /// `sampleRate` is that of what is heard, in Hz.
    init?(stored format: TrackFormat, sampleRate: Int, channels: Int) {
        guard (4000...192_000).contains(sampleRate), (1...8).contains(channels) else { return nil }
        switch format.codec {
        case .pcmu: decoder = AV_CODEC_ID_PCM_MULAW
        case .pcma: decoder = AV_CODEC_ID_PCM_ALAW
        case .opus: decoder = AV_CODEC_ID_OPUS
        case .linear16: decoder = AV_CODEC_ID_PCM_S16BE
        case .linear24: decoder = AV_CODEC_ID_PCM_S24BE
        // Of all layers.
        case .mpegAudio: decoder = AV_CODEC_ID_MP3
        case .amr: decoder = AV_CODEC_ID_AMR_NB
        case .amrWideband: decoder = AV_CODEC_ID_AMR_WB
        case .aac:
            guard case .aac(let config) = format.configuration else { return nil }
            decoder = AV_CODEC_ID_AAC
            configuration = Self.told(config)
        default: return nil
        }
        self.sampleRate = sampleRate
        self.channels = channels
        bitsPerSample = decoder == AV_CODEC_ID_PCM_S24BE ? 24 : 0
    }

    /// Where spectral band replication is not announced, there is to be none (ISO/IEC 14496-3 §1.6.6.1): a decoder that finds some would
    /// give twice the samples.
    private static func told(_ config: [UInt8]) -> [UInt8] {
        guard let known = AudioSpecificConfig(parsing: config), known.extensionSampleRate == nil,
            let short = known.serialized
        else { return config }
        // Sync word 2B7, object type 5, and a bit that is 0.
        return short + [0x56, 0xE5, 0x00]
    }

    /// AAC's channels: more become two.
    var codedChannels: Int { min(channels, 2) }

    /// libavcodec's decoder, opened.
    func open() throws(LibAVError) -> DecoderContext {
        try DecoderContext(decoder) { context in
            context.sample_rate = Int32(sampleRate)
            av_channel_layout_default(&context.ch_layout, Int32(channels))
            context.bits_per_coded_sample = Int32(bitsPerSample)
            context.tell(configuration)
        }
    }

    /// What is decoded before the first sample that counts, so that it is what it is for who began earlier, in samples.
    var decodingRunUp: Int {
        switch decoder {
        // Frames of MP3 borrow up to 511 bytes of those before, which at the lowest rates is a dozen frames.
        case AV_CODEC_ID_MP3: 12 * 1152
        // Predictions fade: RFC 7845 §4.6 wants 80 ms at the least.
        case AV_CODEC_ID_OPUS, AV_CODEC_ID_AMR_NB, AV_CODEC_ID_AMR_WB: sampleRate * 2 / 5
        // Each frame overlaps the one before.
        case AV_CODEC_ID_AAC: 4096
        default: 0
        }
    }

    /// AAC's rate: the next above that phones and browsers play, and at most 48 kHz.
    var codedRate: Int { [16_000, 32_000, 44_100].first { $0 >= sampleRate } ?? 48_000 }

    /// Bit/s for all channels.
    var codedBitRate: Int {
        switch codedRate {
        case 16_000: 32_000 * codedChannels
        case 32_000: 40_000 * codedChannels
        default: 48_000 * codedChannels
        }
    }
}

extension AVCodecContext {
    /// Has the decoder begin with `configuration`, which is freed with the context; without it where there is no memory.
    fileprivate mutating func tell(_ configuration: [UInt8]) {
        guard !configuration.isEmpty,
            let memory = av_mallocz(configuration.count + Int(AV_INPUT_BUFFER_PADDING_SIZE))
        else { return }
        memory.copyMemory(from: configuration, byteCount: configuration.count)
        extradata = memory.assumingMemoryBound(to: UInt8.self)
        extradata_size = Int32(configuration.count)
    }
}
