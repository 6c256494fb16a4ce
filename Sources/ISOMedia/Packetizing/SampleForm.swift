import NIOCore
import RTP

/// How the samples of a track become packets.
enum SampleForm: Sendable {
    case nalUnits(NALUnitForm)
    /// RFC 3640, one sample a packet.
    case aac
    case mpegAudio
    case amr(isWideband: Bool)
    /// A sample is a payload (RFC 7587).
    case opus
    case waveform(WaveformForm)
    case mpeg4Visual
    case h263
    case jpeg
}

/// Samples of NAL units, each behind its length (ISO/IEC 14496-15 §4.3.3).
struct NALUnitForm: Sendable, Hashable {
    var isH265: Bool
    /// Bytes of a length: 1 to 4.
    var lengthSize: Int
    /// What is sent before a sample that decoding can begin with, where it has none of its own.
    var parameterSets: [[UInt8]]
    /// Whether a picture that its own layer does not refer to is referred to by no other.
    var tellsDisposable: Bool
}

/// Uncompressed sound, or G.711: frames of one sample for each channel (RFC 3551 §4.5.11, §4.5.14).
struct WaveformForm: Sendable, Hashable {
    /// In Hz.
    var sampleRate: Int
    var channels: Int
    var numbers: StoredNumbers

    /// Of one sample of all channels, in the file.
    var bytesPerFrame: Int { numbers.size * channels }

    /// Fewer samples a second are no sound: a packet would have a byte or a few.
    static let lowestRate = 1000

    /// 20 ms, or what fits (RFC 3551 §4.2).
    func framesPerPacket(limit: Int) -> Int {
        max(1, min(sampleRate / 50, limit / (numbers.sentSize * channels)))
    }
}
