/// Finds what a payload type means, in its own media first, then among the lines that stand in the wrong place.
struct PayloadTypeLookup {
    /// `a=rtpmap` and `a=fmtp` of payload types that the media they stand in does not have (quirk C22). Each is given
    /// to one media only, so that what is read never grows beyond what was sent.
    private var strayMaps: [UInt8: RTPMap] = [:]
    private var strayParameters: [UInt8: FormatParameters] = [:]

    init(session: MediaAttributes, media: [MediaDescription]) {
        addStrays(of: session, owned: [])
        for description in media { addStrays(of: description.attributes, owned: description.payloadTypes) }
    }

    private mutating func addStrays(of attributes: MediaAttributes, owned: [UInt8]) {
        for entry in attributes.maps where !owned.contains(entry.payloadType) {
            strayMaps[entry.payloadType] = strayMaps[entry.payloadType] ?? entry.map
        }
        for entry in attributes.parameters where !owned.contains(entry.payloadType) {
            strayParameters[entry.payloadType] = strayParameters[entry.payloadType] ?? entry.parameters
        }
    }

    mutating func format(of payloadType: UInt8, in media: MediaDescription) -> TrackFormat {
        let fixed = StaticPayloadType(payloadType)
        let map = map(of: payloadType, in: media, fixed: fixed)
        let codec = codec(named: map?.encodingName ?? fixed?.encodingName, kind: media.kind)
        let parameters =
            media.attributes.parameters.first { $0.payloadType == payloadType }?.parameters
            ?? strayParameters.removeValue(forKey: payloadType) ?? FormatParameters()
        let configuration = CodecConfiguration(codec: codec, parameters: parameters)
        var format = TrackFormat(
            payloadType: payloadType,
            codec: codec,
            encodingName: map?.encodingName,
            clockRate: map == nil ? fixed?.clockRate : map?.clockRate,
            channels: map == nil ? fixed?.channels : map?.channels,
            parameters: parameters,
            configuration: configuration
        )
        complete(&format, kind: media.kind, isNamed: map != nil)
        return format
    }

    /// The `a=rtpmap` to believe. For a static payload type the one that agrees with RFC 3551 is taken out of several
    /// (quirk C24), and an `a=rtpmap` that swaps the two laws of G.711 is not: the number is what the encoder sends.
    private mutating func map(of payloadType: UInt8, in media: MediaDescription, fixed: StaticPayloadType?) -> RTPMap? {
        let maps = media.attributes.maps.filter { $0.payloadType == payloadType }.map(\.map)
        guard let fixed else { return maps.first ?? strayMaps.removeValue(forKey: payloadType) }
        let fixedCodec = Codec(encodingName: fixed.encodingName)
        if let agreeing = maps.first(where: { Codec(encodingName: $0.encodingName) == fixedCodec }) { return agreeing }
        guard let first = maps.first else { return nil }
        let laws: Set<Codec> = [.pcmu, .pcma]
        return laws.isSuperset(of: [fixedCodec, Codec(encodingName: first.encodingName)]) ? nil : first
    }

    /// `mpeg4-generic` may carry MPEG-4 systems streams as well: only sound is AAC.
    private func codec(named name: String?, kind: MediaKind) -> Codec {
        guard let name else { return .other(nil) }
        let codec = Codec(encodingName: name)
        return codec == .aac && kind == .video ? .other(name.uppercased()) : codec
    }

    /// What the source may leave out, and what it may not choose.
    private func complete(_ format: inout TrackFormat, kind: MediaKind, isNamed: Bool) {
        switch format.codec {
        case .opus:
            // RFC 7587 §7: the rate and the channels are constants, whatever is written (quirk C32).
            format.clockRate = 48_000
            format.channels = 2
        case .h264, .h265, .mjpeg:
            format.clockRate = format.clockRate ?? 90_000
        case .pcmu, .pcma:
            format.clockRate = format.clockRate ?? 8000
            format.channels = format.channels ?? 1
        case .aac:
            guard case .aac(let bytes) = format.configuration else { break }
            let configuration = AudioSpecificConfig(parsing: bytes)
            format.clockRate = format.clockRate ?? configuration?.sampleRate
            format.channels = format.channels ?? configuration?.channels
        case .other:
            // RFC 4566 §6: a missing number of channels is one.
            if kind == .audio, isNamed { format.channels = format.channels ?? 1 }
        }
    }
}
