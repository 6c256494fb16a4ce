import CLibAV

/// Changes the rate and the channels of sound, to samples within -1…1, each channel by itself.
final class Resampler {
    private let context: OpaquePointer
    private let output: MediaFrame
    private let sampleRate: Int32
    private let channels: Int32
    private static let attempt = "change the sampling rate"

    /// For frames as `frame` is one.
    init(
        for frame: UnsafeMutablePointer<AVFrame>, sampleRate: Int, channels: Int
    ) throws(LibAVError) {
        output = try MediaFrame(Self.attempt)
        self.sampleRate = Int32(sampleRate)
        self.channels = Int32(channels)
        var layout = AVChannelLayout()
        av_channel_layout_default(&layout, Int32(channels))
        var context: OpaquePointer?
        let made = swr_alloc_set_opts2(
            &context, &layout, AV_SAMPLE_FMT_FLTP, Int32(sampleRate), &frame.pointee.ch_layout,
            AVSampleFormat(frame.pointee.format), frame.pointee.sample_rate, 0, nil)
        guard made >= 0, let context else { throw LibAVError(Self.attempt, code: made) }
        self.context = context
        // Equal rates go through the resampler too, or they could not be stretched.
        _ = av_opt_set_int(UnsafeMutableRawPointer(context), "flags", Int64(SWR_FLAG_RESAMPLE), 0)
        let opened = swr_init(context)
        guard opened >= 0 else { throw LibAVError(Self.attempt, code: opened) }
    }

    deinit {
        var context: OpaquePointer? = context
        swr_free(&context)
    }

    /// Makes `more` samples more (or fewer) of the next `within` that come out.
    func stretch(by more: Int, within: Int) {
        // Where it is refused the sound stays out of step a little longer, and the next block tries again.
        _ = swr_set_compensation(context, Int32(clamping: more), Int32(clamping: within))
    }

    /// Gives each channel's samples that are ready to `body`; `nil` takes out what was held back.
    func convert(
        _ frame: UnsafeMutablePointer<AVFrame>?, _ body: (_ channel: Int, UnsafeBufferPointer<Float>) -> Void
    ) throws(LibAVError) {
        let frames = output.pointer
        av_frame_unref(frames)
        frames.pointee.format = AV_SAMPLE_FMT_FLTP.rawValue
        frames.pointee.sample_rate = sampleRate
        av_channel_layout_default(&frames.pointee.ch_layout, channels)
        let converted = swr_convert_frame(context, frames, frame)
        guard converted >= 0 else { throw LibAVError(Self.attempt, code: converted) }
        let count = Int(frames.pointee.nb_samples)
        guard count > 0 else { return }
        for channel in 0..<Int(channels) {
            guard let plane = frames.pointee.extended_data[channel] else { continue }
            plane.withMemoryRebound(to: Float.self, capacity: count) {
                body(channel, UnsafeBufferPointer(start: $0, count: count))
            }
        }
    }
}
