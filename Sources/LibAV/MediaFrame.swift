import CLibAV

/// A frame of libav's, pictures or sound, freed with this.
final class MediaFrame {
    let pointer: UnsafeMutablePointer<AVFrame>

    /// A frame that holds nothing yet.
    init(_ attempt: String) throws(LibAVError) {
        guard let pointer = av_frame_alloc() else { throw LibAVError(attempt, because: "out of memory") }
        self.pointer = pointer
    }

    deinit {
        var pointer: UnsafeMutablePointer<AVFrame>? = pointer
        av_frame_free(&pointer)
    }
}
