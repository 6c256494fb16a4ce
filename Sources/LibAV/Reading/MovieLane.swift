import CLibAV
import CLibAVShim
import Media
import NIOCore

/// One track of a movie: how its packets become units.
struct MovieLane {
    private enum Framing {
        /// NAL units behind lengths of so many bytes.
        case lengths(Int)
        /// NAL units behind start codes.
        case startCodes
        /// One frame a packet.
        case frames
        /// One frame a packet, behind its ADTS header.
        case headedFrames
        /// So many bytes are one unit of sound.
        case samples(bytes: Int, perSecond: Int)
    }

    /// G.711 is cut into about so many packets a second, as cameras do.
    private static let soundsPerSecond = 50
    /// Of G.711, in bytes; even. More does not fit into a packet of most paths.
    private static let largestSound = 1400
    /// Larger packets of a file are none, in bytes.
    private static let largestPacket = 8 << 20
    /// Times beyond this are nonsense, and would overflow: 1500 years.
    private static let largestTime: Int64 = 1 << 52

    let stream: Int32
    let codec: Codec
    /// `nil` until it is known, out of the header or the first units.
    private(set) var track: MovieReader.Track?
    private let timeBase: AVRational
    private var framing: Framing
    private var parameterSets: [ByteBuffer] = []
    /// When the next unit is decoded, where it does not tell.
    private var nextTime: Int64?

    var isVideo: Bool { codec == .h264 || codec == .h265 }

    /// `nil` for what cannot be passed on.
    init?(_ stream: UnsafeMutablePointer<AVStream>) {
        guard let parameters = stream.pointee.codecpar?.pointee else { return nil }
        self.stream = stream.pointee.index
        timeBase = stream.pointee.time_base
        var extradata: [UInt8] = []
        if let start = parameters.extradata, parameters.extradata_size > 0 {
            extradata = Array(UnsafeBufferPointer(start: start, count: Int(parameters.extradata_size)))
        }
        let channels = Int(parameters.ch_layout.nb_channels)
        switch parameters.codec_id {
        case AV_CODEC_ID_H264:
            codec = .h264
            let record = AVCDecoderConfiguration(parsing: extradata)
            framing = record.map { .lengths($0.lengthSize) } ?? .startCodes
            learn(record?.parameterSets ?? AnnexB.nalUnits(in: extradata))
        case AV_CODEC_ID_HEVC:
            codec = .h265
            let record = HEVCDecoderConfiguration(parsing: extradata)
            framing = record.map { .lengths($0.lengthSize) } ?? .startCodes
            learn(record?.units ?? AnnexB.nalUnits(in: extradata))
        case AV_CODEC_ID_AAC:
            codec = .aac
            framing = extradata.isEmpty ? .headedFrames : .frames
            learnSound(extradata, channels: channels)
        case AV_CODEC_ID_PCM_MULAW, AV_CODEC_ID_PCM_ALAW:
            let rate = Int(parameters.sample_rate)
            guard (1...2).contains(channels), (8000...48_000).contains(rate) else { return nil }
            codec = parameters.codec_id == AV_CODEC_ID_PCM_MULAW ? .pcmu : .pcma
            let size = min(rate / Self.soundsPerSecond * channels, Self.largestSound) & ~1
            framing = .samples(bytes: size, perSecond: rate * channels)
            track = .init(codec: codec, configuration: .none, clockRate: rate, channels: channels)
        default: return nil
        }
    }

    /// The next unit may have any time.
    mutating func forgetTime() { nextTime = nil }

    /// Makes the units of a packet; none of one that makes no sense.
    mutating func units(of packet: borrowing AVPacket, track: Int, _ emit: (MovieReader.Unit) -> Void) {
        guard let start = packet.data, (1...Self.largestPacket).contains(Int(packet.size)) else { return }
        let bytes = ByteBuffer(bytes: UnsafeBufferPointer(start: start, count: Int(packet.size)))
        let shown = time(packet.pts)
        // The time of presentation comes last: the first reordered pictures of Matroska have no other.
        let decoding = time(packet.dts) ?? nextTime ?? shown ?? 0
        var unit = MovieReader.Unit(
            track: track, presentationTime: shown ?? decoding, decodingTime: decoding,
            duration: max(0, time(packet.duration) ?? 0), isKeyFrame: packet.flags & AV_PKT_FLAG_KEY != 0, parts: []
        )
        nextTime = decoding &+ unit.duration
        switch framing {
        case .lengths(let size):
            guard let parts = LengthPrefix.nalUnits(in: bytes, lengthSize: size) else { return }
            unit.parts = completed(parts, isKeyFrame: unit.isKeyFrame)
        case .startCodes:
            unit.parts = completed(AnnexB.nalUnits(in: bytes), isKeyFrame: unit.isKeyFrame)
        case .frames:
            unit.parts = [bytes]
        case .headedFrames:
            guard let header = ADTSHeader(parsing: bytes), header.blocks == 1,
                let frame = bytes.getSlice(
                    at: bytes.readerIndex + header.length, length: header.frameLength - header.length)
            else { return }
            if self.track == nil {
                learnSound(header.configuration.serialized ?? [], channels: header.configuration.channels ?? 0)
            }
            unit.parts = [frame]
        case .samples(let size, let perSecond):
            return cut(bytes, like: unit, size: size, perSecond: perSecond, emit)
        }
        if !unit.parts.isEmpty { emit(unit) }
    }

    private func cut(
        _ bytes: ByteBuffer, like first: MovieReader.Unit, size: Int, perSecond: Int, _ emit: (MovieReader.Unit) -> Void
    ) {
        // In pieces of one length, rather than a short one at the end.
        let least = (bytes.readableBytes + Self.largestSound - 1) / Self.largestSound
        let count = max(1, least, (bytes.readableBytes + size / 2) / size)
        // Up, and even: a frame of two channels is one piece.
        let length = ((bytes.readableBytes + count - 1) / count + 1) & ~1
        var rest = bytes
        var unit = first
        while let part = rest.readSlice(length: min(length, rest.readableBytes)), part.readableBytes > 0 {
            unit.parts = [part]
            unit.duration = Int64(part.readableBytes) * 90_000 / Int64(perSecond)
            emit(unit)
            unit.presentationTime &+= unit.duration
            unit.decodingTime &+= unit.duration
        }
    }

    /// In 1/90000 s; `nil` for none, and for nonsense.
    private func time(_ value: Int64) -> Int64? {
        guard value != heliograph_AV_NOPTS_VALUE else { return nil }
        let time = av_rescale_q(value, timeBase, AVRational(num: 1, den: 90_000))
        return time.magnitude < UInt64(Self.largestTime) ? time : nil
    }
}

// MARK: What a decoder has to know

extension MovieLane {
    private mutating func learn(_ units: [[UInt8]]) {
        let configuration: CodecConfiguration = codec == .h264 ? .h264(of: units) : .h265(of: units)
        guard configuration.isComplete else { return }
        track = .init(codec: codec, configuration: configuration, clockRate: 90_000, channels: nil)
        let sets: [[UInt8]] =
            switch configuration {
            case .h264(let sequence, let picture): sequence + picture
            case .h265(let video, let sequence, let picture): video + sequence + picture
            case .none, .aac: []
            }
        parameterSets = sets.map { ByteBuffer(bytes: $0) }
    }

    private mutating func learnSound(_ configuration: [UInt8], channels: Int) {
        guard let parsed = AudioSpecificConfig(parsing: configuration), channels > 0 || parsed.channels != nil else {
            return
        }
        track = .init(
            codec: .aac, configuration: .aac(audioSpecificConfig: configuration),
            clockRate: parsed.extensionSampleRate ?? parsed.sampleRate, channels: parsed.channels ?? channels
        )
    }

    /// A key frame gets the parameter sets in front, unless it has its own: those of the movie before may have the same numbers.
    private mutating func completed(_ parts: [ByteBuffer], isKeyFrame: Bool) -> [ByteBuffer] {
        if track == nil { learn(parts.map { Array(buffer: $0) }) }
        guard isKeyFrame, !parts.contains(where: isSequenceParameterSet) else { return parts }
        return parameterSets + parts
    }

    private func isSequenceParameterSet(_ unit: ByteBuffer) -> Bool {
        guard let header = unit.getInteger(at: unit.readerIndex, as: UInt8.self) else { return false }
        return codec == .h264 ? header & 0x1F == 7 : header >> 1 & 0x3F == 33
    }
}
