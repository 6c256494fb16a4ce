import CLibAV
import Media
import NIOCore

/// Encodes pictures to H.264 for live use: no B frames, no look-ahead, one access unit out for each picture in.
///
/// Every key frame is an IDR picture with its parameter sets in band, so that a decoder can start at any of them.
/// Belongs to one thread or event loop at a time.
package final class VideoEncoder {
    /// The parameter sets, known before the first picture.
    package let configuration: CodecConfiguration
    /// Width and height of the pictures it takes, in pixels.
    package let dimensions: PictureDimensions

    private let encoder: EncoderContext
    private let parameterSets: [ByteBuffer]
    private var lastIndex = Int64.min

    /// Opens `libx264`, or `libopenh264` where this libavcodec has no libx264.
    ///
    /// - Parameters:
    ///   - width: pixels, even.
    ///   - height: pixels, even.
    ///   - frameRate: pictures per second, 1–240.
    ///   - bitRate: the ceiling in bit/s, averaged over a second.
    ///   - keyFrameInterval: pictures from one key frame to the next.
    /// - Throws: `LibAVError` where a value is out of range, or libav has no encoder, or refuses the values.
    package init(width: Int, height: Int, frameRate: Int, bitRate: Int, keyFrameInterval: Int) throws(LibAVError) {
        let attempt = "encode H.264 at \(width)x\(height), \(frameRate) pictures/s, \(bitRate) bit/s"
        guard (16...8192).contains(width), (16...8192).contains(height), width % 2 == 0, height % 2 == 0 else {
            throw LibAVError(attempt, because: "both sides must be even and within 16 to 8192 pixels")
        }
        guard (1...240).contains(frameRate) else {
            throw LibAVError(attempt, because: "the frame rate must be within 1 to 240 pictures per second")
        }
        guard (10_000...200_000_000).contains(bitRate) else {
            throw LibAVError(attempt, because: "the bit rate must be within 10 kbit/s to 200 Mbit/s")
        }
        guard (1...100_000).contains(keyFrameInterval) else {
            throw LibAVError(attempt, because: "the key frame interval must be within 1 to 100000 pictures")
        }

        let (codec, options) = try Self.codec(attempt)
        encoder = try EncoderContext(codec, options: options) { context in
            context.width = Int32(width)
            context.height = Int32(height)
            context.pix_fmt = AV_PIX_FMT_YUV420P
            context.time_base = AVRational(num: 1, den: Int32(frameRate))
            context.framerate = AVRational(num: Int32(frameRate), den: 1)
            context.bit_rate = Int64(bitRate)
            context.rc_max_rate = Int64(bitRate)
            context.rc_buffer_size = Int32(bitRate)
            context.gop_size = Int32(keyFrameInterval)
            context.keyint_min = Int32(keyFrameInterval)
            context.max_b_frames = 0
            context.thread_count = 1
            context.color_range = AVCOL_RANGE_MPEG
            context.colorspace = AVCOL_SPC_BT709
            context.color_primaries = AVCOL_PRI_BT709
            context.color_trc = AVCOL_TRC_BT709
            // The parameter sets come out at once as extradata, and `encode` puts them in band.
            context.flags |= AV_CODEC_FLAG_GLOBAL_HEADER
        }
        let units = AnnexB.nalUnits(in: ByteBuffer(bytes: encoder.extradata))
        parameterSets = units.filter { $0.h264UnitType == 7 } + units.filter { $0.h264UnitType == 8 }
        guard units.contains(where: { $0.h264UnitType == 7 }), units.contains(where: { $0.h264UnitType == 8 }) else {
            throw LibAVError(attempt, because: "\(encoder.name) gave no parameter sets")
        }
        configuration = .h264(
            sequenceParameterSets: units.filter { $0.h264UnitType == 7 }.map { Array($0.readableBytesView) },
            pictureParameterSets: units.filter { $0.h264UnitType == 8 }.map { Array($0.readableBytesView) }
        )
        dimensions = PictureDimensions(width: width, height: height)
    }

    /// Encodes one picture and returns what is ready, nearly always exactly that picture.
    ///
    /// - Parameter presentationIndex: the picture's place in frames; must grow from call to call.
    package func encode(
        picture: borrowing Picture, presentationIndex: Int64
    ) throws(LibAVError) -> [EncodedAccessUnit] {
        guard picture.width == dimensions.width, picture.height == dimensions.height else {
            throw LibAVError(
                "encode a picture of \(picture.width)x\(picture.height)",
                because: "the encoder was opened for \(dimensions.width)x\(dimensions.height)"
            )
        }
        guard presentationIndex > lastIndex else {
            throw LibAVError("encode picture \(presentationIndex)", because: "it does not follow picture \(lastIndex)")
        }
        lastIndex = presentationIndex
        picture.frame.pointee.pts = presentationIndex
        var accessUnits: [EncodedAccessUnit] = []
        try encoder.encode(picture.frame) { bytes, packet in
            let isKeyFrame = packet.flags & AV_PKT_FLAG_KEY != 0
            var units = AnnexB.nalUnits(in: ByteBuffer(bytes: bytes))
            if isKeyFrame {
                addParameterSets(to: &units)
            }
            accessUnits.append(
                EncodedAccessUnit(nalUnits: units, isKeyFrame: isKeyFrame, presentationIndex: packet.pts)
            )
        }
        return accessUnits
    }

    /// Puts the parameter sets where they belong: behind the access unit delimiter, if any, before all else.
    private func addParameterSets(to units: inout [ByteBuffer]) {
        guard !units.contains(where: { $0.h264UnitType == 7 }) else { return }
        units.insert(contentsOf: parameterSets, at: units.first?.h264UnitType == 9 ? 1 : 0)
    }

    private static func codec(
        _ attempt: String
    ) throws(LibAVError) -> (UnsafePointer<AVCodec>, options: KeyValuePairs<String, String>) {
        if let x264 = avcodec_find_encoder_by_name("libx264") {
            return (x264, ["preset": "ultrafast", "tune": "zerolatency", "sc_threshold": "0", "forced-idr": "1"])
        }
        if let openH264 = avcodec_find_encoder_by_name("libopenh264") {
            return (openH264, ["allow_skip_frames": "0"])
        }
        throw LibAVError(
            attempt,
            because: "this libavcodec has neither libx264 nor libopenh264; install one that has (Debian: libavcodec59)"
        )
    }
}
