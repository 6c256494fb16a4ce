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

    /// AAC's rate: the next above that phones and browsers play, and at most 48 kHz.
    var codedRate: Int { [16_000, 32_000, 44_100].first { $0 >= sampleRate } ?? 48_000 }

    /// Bit/s for all channels.
    var codedBitRate: Int {
        switch codedRate {
        case 16_000: 32_000 * channels
        case 32_000: 40_000 * channels
        default: 48_000 * channels
        }
    }
}
