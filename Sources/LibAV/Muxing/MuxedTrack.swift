import CLibAV
import Media

/// What a muxer must know of a track before its first unit.
package struct MuxedTrack: Sendable, Hashable {
    /// H.264, H.265, AAC or MPEG audio; all else is refused by the muxers.
    package var codec: Codec
    /// All parameter sets, or the AudioSpecificConfig; none for MPEG audio.
    package var configuration: CodecConfiguration
    /// Hz: the units' times are counted in it.
    package var clockRate: Int
    /// Of sound.
    package var channels: Int?
    /// Of pictures; out of the SPS where `nil`.
    package var dimensions: PictureDimensions?
    /// How pictures are turned when they are shown: the nine numbers of `tkhd` (ISO/IEC 14496-12 §8.3.2). Fragments of MP4 alone can
    /// tell.
    package var matrix: [Int32]?

    package init(
        codec: Codec, configuration: CodecConfiguration, clockRate: Int, channels: Int? = nil,
        dimensions: PictureDimensions? = nil, matrix: [Int32]? = nil
    ) {
        self.codec = codec
        self.configuration = configuration
        self.clockRate = clockRate
        self.channels = channels
        self.dimensions = dimensions
        self.matrix = matrix
    }

    /// The codec's name in playlists (RFC 6381), `nil` for what has none or is not known yet.
    package var codecString: String? { configuration.codecString ?? codec.codecString }
}

extension MuxedTrack {
    /// Samples in a frame of AAC, and in one of MPEG audio of layers II and III.
    private static let samplesPerFrame: (aac: Int32, mpeg: Int32) = (1024, 1152)

    /// Checks what a muxer would only find out later, or never.
    func validate(_ attempt: String) throws(LibAVError) {
        guard (1...1_000_000).contains(clockRate) else {
            throw LibAVError(attempt, because: "a clock of \(clockRate) Hz is none")
        }
        switch (codec, configuration) {
        case (.h264, .h264), (.h265, .h265):
            guard configuration.isComplete else {
                throw LibAVError(attempt, because: "the parameter sets of its \(codec) are not known yet")
            }
            guard let size = dimensions ?? configuration.dimensions, (1...16_888).contains(size.width),
                (1...16_888).contains(size.height)
            else { throw LibAVError(attempt, because: "the size of its pictures is not known") }
        case (.aac, .aac(let config)) where AudioSpecificConfig(parsing: config) != nil && config.count < 1024: return
        case (.mpegAudio, _): return
        case (.h264, _), (.h265, _), (.aac, _):
            throw LibAVError(attempt, because: "the configuration of its \(codec) is not known yet")
        default: throw LibAVError(attempt, because: "\(codec) does not go into it")
        }
    }

    private func describeMatrix(_ stream: UnsafeMutablePointer<AVStream>) throws(LibAVError) {
        guard let matrix, matrix.count == 9 else { return }
        let length = matrix.count * MemoryLayout<Int32>.stride
        guard let room = av_stream_new_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, length) else {
            throw LibAVError("describe a track of \(codec)", because: "out of memory")
        }
        matrix.withUnsafeBytes { UnsafeMutableRawBufferPointer(start: room, count: length).copyMemory(from: $0) }
    }

    /// Tells libavformat of a valid track; `extradata` is what the container keeps of the configuration.
    func describe(_ stream: UnsafeMutablePointer<AVStream>, extradata: [UInt8]) throws(LibAVError) {
        guard let parameters = stream.pointee.codecpar else { return }
        parameters.pointee.codec_tag = 0
        switch codec {
        case .h264, .h265:
            parameters.pointee.codec_type = AVMEDIA_TYPE_VIDEO
            parameters.pointee.codec_id = codec == .h264 ? AV_CODEC_ID_H264 : AV_CODEC_ID_HEVC
            let size = dimensions ?? configuration.dimensions
            parameters.pointee.width = Int32(size?.width ?? 0)
            parameters.pointee.height = Int32(size?.height ?? 0)
            try describeMatrix(stream)
        default:
            parameters.pointee.codec_type = AVMEDIA_TYPE_AUDIO
            parameters.pointee.codec_id = codec == .aac ? AV_CODEC_ID_AAC : AV_CODEC_ID_MP3
            parameters.pointee.frame_size = codec == .aac ? Self.samplesPerFrame.aac : Self.samplesPerFrame.mpeg
            // The clock and not the core coder's rate: so MP4 counts the times as they come.
            parameters.pointee.sample_rate = Int32(clockRate)
            var count = channels
            if count == nil, case .aac(let config) = configuration {
                count = AudioSpecificConfig(parsing: config)?.channels
            }
            av_channel_layout_default(&parameters.pointee.ch_layout, Int32(min(max(count ?? 2, 1), 8)))
        }
        stream.pointee.time_base = AVRational(num: 1, den: Int32(clockRate))
        guard !extradata.isEmpty else { return }
        guard let memory = av_mallocz(extradata.count + Int(AV_INPUT_BUFFER_PADDING_SIZE)) else {
            throw LibAVError("describe a track of \(codec)", because: "out of memory")
        }
        memory.copyMemory(from: extradata, byteCount: extradata.count)
        // Freed with the stream.
        parameters.pointee.extradata = memory.assumingMemoryBound(to: UInt8.self)
        parameters.pointee.extradata_size = Int32(extradata.count)
    }
}
