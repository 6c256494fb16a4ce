extension TrackFormat {
    /// Whether a decoder set up for the one can go on with the other: same codec, clock rate and channels, and for AAC
    /// the same configuration, which is told nowhere but in the description. Payload types and parameter sets may differ.
    package func isCompatible(with other: TrackFormat) -> Bool {
        guard codec == other.codec, clockRate == other.clockRate, (channels ?? 1) == (other.channels ?? 1) else {
            return false
        }
        guard codec == .aac else { return true }
        guard AACHeaderLengths(parameters) == AACHeaderLengths(other.parameters) else { return false }
        if case .aac(let mine) = configuration, case .aac(let theirs) = other.configuration {
            return AudioSpecificConfig(parsing: mine) == AudioSpecificConfig(parsing: theirs)
        }
        return true
    }
}

extension TrackDescription {
    /// Whether a viewer of the one may stay attached when the other takes its place: same kind, formats compatible in
    /// the same order.
    package func isCompatible(with other: TrackDescription) -> Bool {
        kind == other.kind && formats.count == other.formats.count
            && zip(formats, other.formats).allSatisfy { $0.isCompatible(with: $1) }
    }

    /// The format that a packet's payload type stands for.
    package func format(of payloadType: UInt8) -> TrackFormat? {
        formats.first { $0.payloadType == payloadType }
    }

    /// The picture's size: as the description tells, or else out of the SPS.
    package var pictureDimensions: PictureDimensions? {
        dimensions ?? formats.lazy.compactMap { $0.configuration.dimensions }.first
    }
}

extension [TrackDescription] {
    /// Whether the viewers of one stream may stay attached when its source comes back with the other's tracks.
    package func isCompatible(with other: [TrackDescription]) -> Bool {
        count == other.count && zip(self, other).allSatisfy { $0.isCompatible(with: $1) }
    }
}
