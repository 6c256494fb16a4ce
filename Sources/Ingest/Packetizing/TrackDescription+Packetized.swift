import Media

extension TrackDescription {
    /// What viewers are told of a track whose packets are made here: H.264 and H.265 with `packetization-mode=1`, AAC in
    /// `mode=AAC-hbr`, G.711 with its static payload type where it has its usual rate (RFC 3551 §6).
    ///
    /// `clockRate` in Hz; `configuration` is what a decoder has to know.
    static func packetized(
        _ codec: Codec, clockRate: Int = 90_000, channels: Int? = nil, configuration: CodecConfiguration = .none
    ) -> TrackDescription {
        let isUsual = clockRate == 8000 && (channels ?? 1) == 1
        var format = TrackFormat(
            payloadType: 97, codec: codec, encodingName: codec.encodingName, clockRate: clockRate, channels: channels,
            configuration: configuration
        )
        switch codec {
        case .h264, .h265: format.payloadType = 96
        case .aac:
            format.parameters = FormatParameters([
                .init(name: "mode", value: "AAC-hbr"), .init(name: "sizelength", value: "13"),
                .init(name: "indexlength", value: "3"), .init(name: "indexdeltalength", value: "3"),
            ])
        case .pcmu where isUsual: format.payloadType = 0
        case .pcma where isUsual: format.payloadType = 8
        case .pcmu, .pcma, .mjpeg, .opus, .other: break
        }
        let isVideo = codec == .h264 || codec == .h265
        return TrackDescription(kind: isVideo ? .video : .audio, formats: [format])
    }
}
