extension CodecConfiguration {
    /// The configuration that an `a=fmtp` tells. What is empty, cannot be parsed or belongs to another codec is left
    /// out (quirks C19, C21, C28): the stream itself will tell.
    package init(codec: Codec, parameters: FormatParameters) {
        switch codec {
        case .h264:
            self = Self.h264(of: Self.nalUnits(in: parameters["sprop-parameter-sets"]))
        case .h265:
            // Some devices put all three kinds into one parameter: the NAL unit's own type counts.
            let names = ["sprop-vps", "sprop-sps", "sprop-pps"]
            self = Self.h265(of: names.flatMap { Self.nalUnits(in: parameters[$0]) })
        case .aac:
            let bytes = parameters["config"].flatMap { Hexadecimal.bytes(of: $0.trimmed("\"")) }
            if let bytes, AudioSpecificConfig(parsing: bytes) != nil {
                self = .aac(audioSpecificConfig: bytes)
            } else {
                self = .none
            }
        case .mjpeg, .pcmu, .pcma, .opus, .other:
            self = .none
        }
    }

    /// The parameter sets among `nalUnits`, each once, in their order; `.none` if there are none.
    package static func h264(of nalUnits: [[UInt8]]) -> CodecConfiguration {
        var sequence = ParameterSets(most: 32)
        var picture = ParameterSets(most: 256)
        for nalUnit in nalUnits {
            guard let header = nalUnit.first, header & 0x80 == 0, nalUnit.count > 1 else { continue }
            switch H264.NALUnitType(header: header) {
            case .sequenceParameterSet where H264.SequenceParameterSet(nalUnit: nalUnit) != nil: sequence.add(nalUnit)
            case .pictureParameterSet: picture.add(nalUnit)
            default: continue
            }
        }
        if sequence.sets.isEmpty, picture.sets.isEmpty { return .none }
        return .h264(sequenceParameterSets: sequence.sets, pictureParameterSets: picture.sets)
    }

    /// The parameter sets among `nalUnits`, each once, in their order; `.none` if there are none.
    package static func h265(of nalUnits: [[UInt8]]) -> CodecConfiguration {
        var video = ParameterSets(most: 16)
        var sequence = ParameterSets(most: 16)
        var picture = ParameterSets(most: 64)
        for nalUnit in nalUnits {
            guard let header = nalUnit.first, header & 0x80 == 0, nalUnit.count > 2 else { continue }
            switch H265.NALUnitType(header: header) {
            case .videoParameterSet: video.add(nalUnit)
            case .sequenceParameterSet where H265.SequenceParameterSet(nalUnit: nalUnit) != nil: sequence.add(nalUnit)
            case .pictureParameterSet: picture.add(nalUnit)
            default: continue
            }
        }
        if video.sets.isEmpty, sequence.sets.isEmpty, picture.sets.isEmpty { return .none }
        return .h265(
            videoParameterSets: video.sets,
            sequenceParameterSets: sequence.sets,
            pictureParameterSets: picture.sets
        )
    }

    /// NAL units of one kind, each once, at most as many as the codec has ids for.
    private struct ParameterSets {
        private(set) var sets: [[UInt8]] = []
        private let most: Int

        init(most: Int) {
            self.most = most
        }

        mutating func add(_ nalUnit: [UInt8]) {
            if sets.count < most, !sets.contains(nalUnit) { sets.append(nalUnit) }
        }
    }

    /// Comma-separated Base64 of NAL units or, from some cameras, of byte streams with start codes (quirk C18).
    private static func nalUnits(in value: String?) -> [[UInt8]] {
        guard let value else { return [] }
        return value.split(separator: ",").prefix(16).flatMap { AnnexB.nalUnits(in: Base64.decode($0) ?? []) }
    }
}

extension CodecConfiguration {
    /// Whether a decoder can start with it: every kind of parameter set is there.
    package var isComplete: Bool {
        switch self {
        case .none: false
        case .h264(let sequence, let picture): !sequence.isEmpty && !picture.isEmpty
        case .h265(let video, let sequence, let picture): !video.isEmpty && !sequence.isEmpty && !picture.isEmpty
        case .aac: true
        }
    }

    /// The picture's size, out of the first SPS that tells it.
    package var dimensions: PictureDimensions? {
        switch self {
        case .none, .aac: nil
        case .h264(let sequence, _):
            sequence.lazy.compactMap { H264.SequenceParameterSet(nalUnit: $0)?.dimensions }.first
        case .h265(_, let sequence, _):
            sequence.lazy.compactMap { H265.SequenceParameterSet(nalUnit: $0)?.dimensions }.first
        }
    }
}

extension CodecConfiguration {
    /// How many pictures may come before one that is shown earlier than they are, as any of the SPS tells; `nil` where none does.
    package var reorderDepth: Int? {
        switch self {
        case .none, .aac: nil
        case .h264(let sequence, _):
            sequence.lazy.compactMap { H264.SequenceParameterSet(nalUnit: $0)?.reorderDepth }.max()
        case .h265(_, let sequence, _):
            sequence.lazy.compactMap { H265.SequenceParameterSet(nalUnit: $0)?.reorderDepth }.max()
        }
    }

    /// Pictures a second, as the VUI of H.264 tells.
    package var frameRate: Double? {
        guard case .h264(let sequence, _) = self else { return nil }
        return sequence.lazy.compactMap { H264.SequenceParameterSet(nalUnit: $0)?.frameRate }.first
    }
}
