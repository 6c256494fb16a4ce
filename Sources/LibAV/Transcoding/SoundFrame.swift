import CLibAV

extension UnsafeMutablePointer<AVFrame> {
    /// Leaves out samples at the beginning, fewer than there are.
    func skip(_ count: Int) {
        let format = AVSampleFormat(pointee.format)
        let isPlanar = av_sample_fmt_is_planar(format) == 1
        let channels = Int(pointee.ch_layout.nb_channels)
        let bytes = count * Int(av_get_bytes_per_sample(format)) * (isPlanar ? 1 : channels)
        for plane in 0..<(isPlanar ? channels : 1) {
            pointee.extended_data[plane] = pointee.extended_data[plane]?.advanced(by: bytes)
        }
        pointee.nb_samples -= Int32(count)
    }
}

extension MediaFrame {
    /// Silence of `count` samples, in the form that `other` has.
    static func silence(
        _ count: Int, like other: UnsafeMutablePointer<AVFrame>
    ) throws(LibAVError) -> MediaFrame {
        let attempt = "make \(count) samples of silence"
        let silence = try MediaFrame(attempt)
        let frame = silence.pointer
        frame.pointee.format = other.pointee.format
        frame.pointee.sample_rate = other.pointee.sample_rate
        frame.pointee.nb_samples = Int32(clamping: count)
        let copied = av_channel_layout_copy(&frame.pointee.ch_layout, &other.pointee.ch_layout)
        guard copied >= 0 else { throw LibAVError(attempt, code: copied) }
        let allocated = av_frame_get_buffer(frame, 0)
        guard allocated >= 0 else { throw LibAVError(attempt, code: allocated) }
        av_samples_set_silence(
            frame.pointee.extended_data, 0, frame.pointee.nb_samples, frame.pointee.ch_layout.nb_channels,
            AVSampleFormat(frame.pointee.format))
        return silence
    }
}
