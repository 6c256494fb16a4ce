extension TrackDescription {
    /// What viewers are told of a track whose packets are made here: H.264 and H.265 with `packetization-mode=1`, AAC in
    /// `mode=AAC-hbr`, all else as its payload format has it, with the static payload type where there is one (RFC 3551 §6).
    ///
    /// `clockRate` in Hz; `configuration` and `parameters` are what a decoder has to know.
    package static func packetized(
        _ codec: Codec, clockRate: Int = 90_000, channels: Int? = nil, configuration: CodecConfiguration = .none,
        parameters: FormatParameters = FormatParameters()
    ) -> TrackDescription {
        let isVideo = codec.isPicture
        var format = TrackFormat(
            payloadType: isVideo ? 96 : 97, codec: codec, encodingName: codec.encodingName, clockRate: clockRate,
            channels: channels, parameters: parameters, configuration: configuration
        )
        if codec == .aac {
            format.parameters = FormatParameters([
                .init(name: "mode", value: "AAC-hbr"), .init(name: "sizelength", value: "13"),
                .init(name: "indexlength", value: "3"), .init(name: "indexdeltalength", value: "3"),
            ])
        }
        if let fixed = StaticPayloadType.packetized.first(where: { format.isDescribed(by: $0) }) {
            format.payloadType = fixed
        }
        return TrackDescription(kind: isVideo ? .video : .audio, formats: [format])
    }
}

extension StaticPayloadType {
    /// Those of what packets are made of here.
    fileprivate static let packetized: [UInt8] = [0, 8, 10, 11, 14, 26]
}

extension TrackFormat {
    /// Whether a receiver would take the payload type alone for the same.
    fileprivate func isDescribed(by payloadType: UInt8) -> Bool {
        guard let fixed = StaticPayloadType(payloadType) else { return false }
        // Table 4 of RFC 3551 leaves the channels of MPA to its frames.
        return Codec(encodingName: fixed.encodingName) == codec && fixed.clockRate == clockRate
            && (fixed.channels == nil || fixed.channels == channels ?? 1)
    }
}

extension Codec {
    /// MPEG-1, MPEG-2 and MP3 sound (RFC 2250).
    package static let mpegAudio = Codec.other("MPA")
    /// Adaptive multi-rate sound of 8 kHz (RFC 4867).
    package static let amr = Codec.other("AMR")
    /// Adaptive multi-rate sound of 16 kHz (RFC 4867).
    package static let amrWideband = Codec.other("AMR-WB")
    /// Samples of 16 bits, high byte first (RFC 3551 §4.5.11).
    package static let linear16 = Codec.other("L16")
    /// Samples of 24 bits, high byte first (RFC 3190 §4).
    package static let linear24 = Codec.other("L24")
    /// MPEG-4 Visual (RFC 6416).
    package static let mpeg4Visual = Codec.other("MP4V-ES")
    /// H.263 of any edition (RFC 4629).
    package static let h263 = Codec.other("H263-1998")

    fileprivate var isPicture: Bool {
        [.h264, .h265, .mjpeg, .mpeg4Visual, .h263].contains(self)
    }
}
