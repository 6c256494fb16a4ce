extension TrackFormat {
    /// The parameters as a viewer shall read them: those of the source, with everything that the configuration knows
    /// better put in its place, and parameter sets that no decoder could use taken out.
    var viewerParameters: FormatParameters {
        let known = configuration == .none ? CodecConfiguration(codec: codec, parameters: parameters) : configuration
        var result = parameters
        switch codec {
        case .h264: Self.describeH264(&result, known)
        case .h265: Self.describeH265(&result, known)
        case .aac: describeAAC(&result, known)
        case .mjpeg, .pcmu, .pcma, .opus, .other: break
        }
        return result
    }

    private static func describeH264(_ parameters: inout FormatParameters, _ known: CodecConfiguration) {
        // Cameras that tell 0 or nothing fragment all the same (quirk C27); 2 is another wire format.
        if parameters["packetization-mode"] != "2" { parameters["packetization-mode"] = "1" }
        guard case .h264(let sequence, let picture) = known else {
            parameters["sprop-parameter-sets"] = nil
            return
        }
        if let set = sequence.lazy.compactMap({ H264.SequenceParameterSet(nalUnit: $0) }).first {
            // The stream is right where the two contradict each other (quirk C29).
            parameters["profile-level-id"] = set.profileLevelID
        }
        parameters["sprop-parameter-sets"] = known.isComplete ? base64(sequence + picture) : nil
    }

    private static func describeH265(_ parameters: inout FormatParameters, _ known: CodecConfiguration) {
        for name in ["sprop-vps", "sprop-sps", "sprop-pps"] { parameters[name] = nil }
        guard known.isComplete, case .h265(let video, let sequence, let picture) = known else { return }
        parameters["sprop-vps"] = base64(video)
        parameters["sprop-sps"] = base64(sequence)
        parameters["sprop-pps"] = base64(picture)
    }

    private func describeAAC(_ parameters: inout FormatParameters, _ known: CodecConfiguration) {
        let lengths = AACHeaderLengths(parameters)
        parameters["streamtype"] = parameters["streamtype"] ?? "5"
        parameters["profile-level-id"] = parameters["profile-level-id"] ?? "1"
        // `AAC_hbr`, or none (quirk C31): players know the names of RFC 3640 only.
        parameters["mode"] = parameters["mode"]?.lowercased().hasSuffix("lbr") == true ? "AAC-lbr" : "AAC-hbr"
        parameters["sizelength"] = String(lengths.size)
        parameters["indexlength"] = String(lengths.index)
        parameters["indexdeltalength"] = String(lengths.indexDelta)
        if case .aac(let bytes) = known {
            parameters["config"] = Hexadecimal.string(of: bytes)
        } else {
            // A source that tells none sends AAC-LC as its a=rtpmap says.
            let rate = clockRate ?? 0
            parameters["config"] = AudioSpecificConfig(sampleRate: rate, channels: channels ?? 1).serialized
                .map { Hexadecimal.string(of: $0) }
        }
    }

    private static func base64(_ nalUnits: [[UInt8]]) -> String {
        nalUnits.map { Base64.encode($0) }.joined(separator: ",")
    }
}
