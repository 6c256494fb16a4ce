import CLibAV
import Media
import NIOCore

/// Makes a JPEG of one key frame: H.264, H.265 or JPEG in, a still picture out.
///
/// Everything is opened for the one picture and freed after it, on the caller's thread alone: some 10 ms of it for full HD.
/// What a hostile picture may cost is bounded by its bytes, its slices and its pixels.
package enum PictureDecoder {
    /// Of a key frame.
    private static let mostBytes = 16 << 20
    /// 8K; both sides are within 8192 too.
    private static let mostPixels: Int64 = 8192 * 4352
    /// More slices than any encoder makes of a picture.
    private static let mostUnits = 512

    /// A JPEG file (full range, 4:2:0) of a key frame.
    ///
    /// - Parameters:
    ///   - unit: a random access point of `track`; a JPEG comes out as it is where it need not be made smaller.
    ///   - track: what the unit belongs to; its parameter sets are put in front.
    ///   - width: pixels, at least 16; `nil` or more than the picture has stands for the picture's own. The height keeps the proportions, also
    ///     of pixels that are not square.
    ///   - quality: of the quantizer, 2 (best) to 31; 5 is good.
    /// - Throws: `LibAVError` where there is no picture in it, or one that is too large.
    package static func jpeg(
        ofKeyFrame unit: AccessUnit, track: MuxedTrack, width: Int?, quality: Int = 5
    ) throws(LibAVError) -> ByteBuffer {
        let attempt = "make a JPEG of a key frame of \(track.codec)"
        guard (2...31).contains(quality), width.map({ $0 >= PictureScale.sides.lowerBound }) ?? true else {
            throw LibAVError(attempt, because: "the quality must be within 2 to 31, the width at least 16 pixels")
        }
        guard (4...mostBytes).contains(unit.payload.readableBytes) else {
            throw LibAVError(attempt, because: "a picture of \(unit.payload.readableBytes) bytes is none")
        }
        let (id, bytes) = try source(of: unit, track, attempt)
        if id == AV_CODEC_ID_MJPEG, width == nil { return bytes }
        var made: ByteBuffer?
        let decoder = try DecoderContext(id) { context in
            context.max_pixels = mostPixels
            // A picture from the midst of a stream is shown as far as it is there.
            context.flags |= AV_CODEC_FLAG_OUTPUT_CORRUPT
            context.flags |= AV_CODEC_FLAG_LOW_DELAY
        }
        let take = { (frame: UnsafeMutablePointer<AVFrame>) throws(LibAVError) in
            guard made == nil else { return }
            made = try still(of: frame, id == AV_CODEC_ID_MJPEG ? bytes : nil, width, quality, attempt)
        }
        try decoder.decode(bytes, take)
        try decoder.finish(take)
        guard let made else { throw LibAVError(attempt, because: "there is no picture in it") }
        return made
    }

    /// What the decoder is given.
    private static func source(
        of unit: AccessUnit, _ track: MuxedTrack, _ attempt: String
    ) throws(LibAVError) -> (AVCodecID, ByteBuffer) {
        if track.codec == .mjpeg {
            guard unit.payload.getInteger(at: unit.payload.readerIndex, as: UInt16.self) == 0xFFD8 else {
                throw LibAVError(attempt, because: "it does not begin as a JPEG does")
            }
            return (AV_CODEC_ID_MJPEG, unit.payload)
        }
        guard let units = PictureUnits(track) else { throw LibAVError(attempt, because: "only pictures can be shown") }
        let all = try units.split(unit.payload)
        guard all.count <= mostUnits else { throw LibAVError(attempt, because: "it has too many slices") }
        // Both fields of an interlaced picture may stand in one unit; a third beginning is another picture.
        let beginnings = all.indices.filter { units.beginsPicture(all[$0]) }
        let end = beginnings.count > 2 ? beginnings[2] : all.endIndex
        return (
            track.codec == .h264 ? AV_CODEC_ID_H264 : AV_CODEC_ID_HEVC, units.byteStream(decodable: Array(all[..<end]))
        )
    }

    /// The decoded picture scaled and coded; the file it came from where it was a JPEG of the right size.
    private static func still(
        of frame: UnsafeMutablePointer<AVFrame>, _ file: ByteBuffer?, _ width: Int?, _ quality: Int, _ attempt: String
    ) throws(LibAVError) -> ByteBuffer {
        let coded = PictureDimensions(width: Int(frame.pointee.width), height: Int(frame.pointee.height))
        guard (1...PictureScale.sides.upperBound).contains(coded.width),
            (1...PictureScale.sides.upperBound).contains(coded.height)
        else { throw LibAVError(attempt, because: "a picture of \(coded.width)x\(coded.height) is too large") }
        if let file, let width, width >= coded.width { return file }
        let aspect = frame.pointee.sample_aspect_ratio
        let size = PictureScale.size(of: coded, aspect: (Int(aspect.num), Int(aspect.den)), width: width)
        let scaled = try StillPicture(frame, size: size, attempt)
        return try scaled.jpeg(quality: quality, attempt)
    }
}
