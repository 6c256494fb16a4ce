extension CodecConfiguration {
    /// The name by which playlists and browsers know the codec (RFC 6381 §3.3): `avc1.640028`, `hvc1.1.6.L93.B0`,
    /// `mp4a.40.2`; `nil` while the parameter sets are not known.
    package var codecString: String? {
        switch self {
        case .none: nil
        case .h264(let sets, _):
            sets.lazy.compactMap { H264.SequenceParameterSet(nalUnit: $0) }.first.map { "avc1.\($0.profileLevelID)" }
        case .h265(_, let sets, _):
            sets.lazy.compactMap { H265.ProfileTierLevel(sequenceParameterSet: $0) }.first.map { "hvc1.\($0.name)" }
        case .aac(let configuration):
            AudioSpecificConfig(parsing: configuration).map { "mp4a.40.\($0.objectType)" }
        }
    }
}

extension TrackFormat {
    /// The codec's name in playlists, `nil` for what no browser plays out of a segment or is not known yet.
    package var codecString: String? { configuration.codecString ?? codec.codecString }
}

extension Codec {
    /// The name in playlists of a codec that needs no configuration for it.
    package var codecString: String? {
        switch self {
        case .opus: "opus"
        case .mpegAudio: "mp4a.40.34"
        case .h264, .h265, .mjpeg, .aac, .pcmu, .pcma, .other: nil
        }
    }
}

extension H265.ProfileTierLevel {
    /// The four elements of ISO/IEC 14496-15 §E.3: `1.6.L93.B0`.
    fileprivate var name: String {
        let space = profileSpace == 0 ? "" : ["A", "B", "C"][Int(profileSpace) - 1]
        // The flag of profile 0 becomes the lowest bit.
        var reversed: UInt32 = 0
        for bit in 0..<32 where compatibility >> bit & 1 == 1 { reversed |= 1 << (31 - bit) }
        var name = "\(space)\(profile).\(String(reversed, radix: 16, uppercase: true))"
        name += ".\(isHighTier ? "H" : "L")\(level)"
        let last = constraints.lastIndex { $0 != 0 } ?? constraints.startIndex - 1
        for byte in constraints[...last] { name += ".\(String(byte, radix: 16, uppercase: true))" }
        return name
    }
}
