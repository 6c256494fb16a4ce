import CLibAV
import Media
import NIOCore

/// One coded frame of AAC, without ADTS header.
package struct EncodedAudioFrame: Sendable, Hashable {
    package var bytes: ByteBuffer
    /// Where the frame's sound begins, in samples; the encoder's first frame lies one frame before the first sample.
    package var timestamp: Int64
}

/// Encodes sound to AAC-LC in frames of 1024 samples.
///
/// The encoder looks ahead: its first call returns nothing, later ones the frame that begins two frames before the one
/// they take.
/// Belongs to one thread or event loop at a time.
package final class AudioEncoder {
    /// Samples per channel in every frame (ISO/IEC 14496-3: 1024 for AAC-LC).
    package static let samplesPerFrame = 1024

    /// The AudioSpecificConfig.
    package let configuration: CodecConfiguration
    /// Samples per second.
    package let sampleRate: Int
    /// 1 or 2.
    package let channels: Int

    private let encoder: EncoderContext
    private let frame: UnsafeMutablePointer<AVFrame>
    private var nextSample: Int64 = .min

    /// Opens libavcodec's own AAC encoder.
    ///
    /// - Parameters:
    ///   - sampleRate: samples per second, one of those AAC knows.
    ///   - channels: 1 or 2.
    ///   - bitRate: bit/s for all channels.
    package init(sampleRate: Int = 48_000, channels: Int, bitRate: Int) throws(LibAVError) {
        let attempt = "encode AAC at \(sampleRate) Hz, \(channels) channels, \(bitRate) bit/s"
        guard (1...2).contains(channels) else { throw LibAVError(attempt, because: "channels must be 1 or 2") }
        guard (7_350...96_000).contains(sampleRate), (8_000...1_000_000).contains(bitRate) else {
            throw LibAVError(attempt, because: "AAC takes 7350 to 96000 Hz and 8 kbit/s to 1 Mbit/s")
        }
        guard let codec = avcodec_find_encoder(AV_CODEC_ID_AAC) else {
            throw LibAVError(
                attempt, because: "this libavcodec has no AAC encoder; install one that has (Debian: libavcodec59)"
            )
        }
        encoder = try EncoderContext(codec, options: ["aac_coder": "fast"]) { context in
            context.sample_fmt = AV_SAMPLE_FMT_FLTP
            context.sample_rate = Int32(sampleRate)
            av_channel_layout_default(&context.ch_layout, Int32(channels))
            context.bit_rate = Int64(bitRate)
            context.time_base = AVRational(num: 1, den: Int32(sampleRate))
            context.flags |= AV_CODEC_FLAG_GLOBAL_HEADER
            context.profile = FF_PROFILE_AAC_LOW
        }
        guard encoder.frameSize == Self.samplesPerFrame, !encoder.extradata.isEmpty else {
            throw LibAVError(attempt, because: "\(encoder.name) does not work in frames of 1024 samples")
        }
        configuration = .aac(audioSpecificConfig: encoder.extradata)
        self.sampleRate = sampleRate
        self.channels = channels
        frame = try Self.makeFrame(sampleRate: sampleRate, channels: channels)
    }

    deinit {
        var frame: UnsafeMutablePointer<AVFrame>? = frame
        av_frame_free(&frame)
    }

    /// Encodes the next 1024 samples and returns what is ready.
    ///
    /// - Parameters:
    ///   - firstSample: the index of the first sample; at least 1024 more than in the call before.
    ///   - fill: called once per channel to write its 1024 samples, each within -1…1.
    package func encode(
        firstSample: Int64, _ fill: (_ channel: Int, _ samples: UnsafeMutableBufferPointer<Float>) -> Void
    ) throws(LibAVError) -> [EncodedAudioFrame] {
        guard firstSample >= nextSample, firstSample < .max - Int64(Self.samplesPerFrame) else {
            throw LibAVError("encode sound from sample \(firstSample)", because: "sample \(nextSample) comes next")
        }
        nextSample = firstSample + Int64(Self.samplesPerFrame)
        let writable = av_frame_make_writable(frame)
        guard writable >= 0 else { throw LibAVError("write to an audio frame", code: writable) }
        for channel in 0..<channels {
            guard let plane = frame.pointee.extended_data[channel] else { continue }
            plane.withMemoryRebound(to: Float.self, capacity: Self.samplesPerFrame) { start in
                fill(channel, UnsafeMutableBufferPointer(start: start, count: Self.samplesPerFrame))
            }
        }
        frame.pointee.pts = firstSample
        var frames: [EncodedAudioFrame] = []
        try encoder.encode(frame) { bytes, packet in
            frames.append(EncodedAudioFrame(bytes: ByteBuffer(bytes: bytes), timestamp: packet.pts))
        }
        return frames
    }

    private static func makeFrame(
        sampleRate: Int, channels: Int
    ) throws(LibAVError) -> UnsafeMutablePointer<AVFrame> {
        let attempt = "make an audio frame of \(channels) channels"
        guard let frame = av_frame_alloc() else { throw LibAVError(attempt, because: "out of memory") }
        frame.pointee.format = AV_SAMPLE_FMT_FLTP.rawValue
        frame.pointee.sample_rate = Int32(sampleRate)
        frame.pointee.nb_samples = Int32(samplesPerFrame)
        av_channel_layout_default(&frame.pointee.ch_layout, Int32(channels))
        let allocated = av_frame_get_buffer(frame, 0)
        guard allocated >= 0 else {
            var frame: UnsafeMutablePointer<AVFrame>? = frame
            av_frame_free(&frame)
            throw LibAVError(attempt, code: allocated)
        }
        return frame
    }
}
