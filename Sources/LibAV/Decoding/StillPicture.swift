import CLibAV
import Media
import NIOCore

/// A decoded picture in the form JPEG wants it (JFIF: BT.601, full range), in memory of its own.
struct StillPicture {
    private let frame: MediaFrame

    /// Scales a decoded picture and changes its colours to JPEG's.
    init(_ source: UnsafeMutablePointer<AVFrame>, size: PictureDimensions, _ attempt: String) throws(LibAVError) {
        frame = try MediaFrame(attempt)
        frame.pointer.pointee.format = AV_PIX_FMT_YUVJ420P.rawValue
        frame.pointer.pointee.width = Int32(size.width)
        frame.pointer.pointee.height = Int32(size.height)
        frame.pointer.pointee.color_range = AVCOL_RANGE_JPEG
        frame.pointer.pointee.colorspace = AVCOL_SPC_BT470BG
        let allocated = av_frame_get_buffer(frame.pointer, 0)
        guard allocated >= 0 else { throw LibAVError(attempt, code: allocated) }
        let scaler = sws_getContext(
            source.pointee.width, source.pointee.height, AVPixelFormat(source.pointee.format), Int32(size.width),
            Int32(size.height), AV_PIX_FMT_YUVJ420P, SWS_BILINEAR, nil, nil, nil)
        guard let scaler else { throw LibAVError(attempt, because: "its form of pixels cannot be scaled") }
        defer { sws_freeContext(scaler) }
        Self.setColours(of: source, scaler)
        let scaled = sws_scale_frame(scaler, frame.pointer, source)
        guard scaled >= 0 else { throw LibAVError(attempt, code: scaled) }
        frame.pointer.pointee.pts = 0
    }

    /// Where the picture does not tell its colours, small ones are taken for BT.601 and others for BT.709, as players do.
    private static func setColours(of source: UnsafeMutablePointer<AVFrame>, _ scaler: OpaquePointer) {
        let told = source.pointee.colorspace
        let guess = source.pointee.height < 720 ? SWS_CS_ITU601 : SWS_CS_ITU709
        let matrix =
            [AVCOL_SPC_UNSPECIFIED, AVCOL_SPC_RESERVED, AVCOL_SPC_RGB].contains(told) ? guess : Int32(told.rawValue)
        let isFull =
            source.pointee.color_range == AVCOL_RANGE_JPEG
            || [AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_YUVJ440P]
                .contains(AVPixelFormat(source.pointee.format))
        // Refused for pixels that are no YUV, which need no matrix.
        _ = sws_setColorspaceDetails(
            scaler, sws_getCoefficients(matrix), isFull ? 1 : 0, sws_getCoefficients(SWS_CS_ITU601), 1, 0, 1 << 16,
            1 << 16)
    }

    /// The JPEG file.
    func jpeg(quality: Int, _ attempt: String) throws(LibAVError) -> ByteBuffer {
        guard let codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG) else {
            throw LibAVError(
                attempt, because: "this libavcodec has no JPEG encoder; install one that has (Debian: libavcodec59)")
        }
        let lambda = Int32(quality) * FF_QP2LAMBDA
        let picture = frame.pointer
        let encoder = try EncoderContext(codec, options: ["huffman": "default"]) { context in
            context.width = picture.pointee.width
            context.height = picture.pointee.height
            context.pix_fmt = AV_PIX_FMT_YUVJ420P
            context.color_range = AVCOL_RANGE_JPEG
            context.time_base = AVRational(num: 1, den: 25)
            context.flags |= AV_CODEC_FLAG_QSCALE
            context.global_quality = lambda
            context.thread_count = 1
        }
        picture.pointee.quality = lambda
        picture.pointee.pict_type = AV_PICTURE_TYPE_I
        var file = ByteBuffer()
        try encoder.encode(picture) { bytes, _ in file.writeBytes(bytes) }
        guard file.readableBytes > 0 else { throw LibAVError(attempt, because: "\(encoder.name) gave nothing") }
        return file
    }
}
