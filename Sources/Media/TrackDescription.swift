/// The kind of a track: the media type of its `m=` line (RFC 4566 §5.14).
package enum MediaKind: Sendable, Hashable {
    case video
    case audio
    /// `application`, `text`, `metadata`, or whatever else a device invents, as written.
    case other(String)

    /// The media type as it stands in an `m=` line.
    package var name: String {
        switch self {
        case .video: "video"
        case .audio: "audio"
        case .other(let name): name
        }
    }
}

/// One payload type of a track: `a=rtpmap` and `a=fmtp` (RFC 4566 §6).
package struct TrackFormat: Sendable, Hashable {
    /// The RTP payload type, 0–127.
    package var payloadType: UInt8
    package var codec: Codec
    /// The encoding name as the source wrote it, `nil` for a static or unnamed payload type.
    package var encodingName: String?
    /// RTP clock rate in Hz; `nil` where neither `a=rtpmap` nor the static table tells (quirk C15):
    /// such a format passes through without RTCP.
    package var clockRate: Int?
    /// Audio channels, where told.
    package var channels: Int?
    /// The value of `a=fmtp`, without the payload type.
    package var parameters: FormatParameters
    /// Parameter sets and audio configuration, out of `parameters` or learnt in-band.
    package var configuration: CodecConfiguration

    package init(
        payloadType: UInt8,
        codec: Codec,
        encodingName: String? = nil,
        clockRate: Int? = nil,
        channels: Int? = nil,
        parameters: FormatParameters = FormatParameters(),
        configuration: CodecConfiguration = .none
    ) {
        self.payloadType = payloadType
        self.codec = codec
        self.encodingName = encodingName
        self.clockRate = clockRate
        self.channels = channels
        self.parameters = parameters
        self.configuration = configuration
    }
}

/// One track of a stream: one `m=` block of a session description.
package struct TrackDescription: Sendable, Hashable {
    package var kind: MediaKind
    /// The transport protocol of the `m=` line, nearly always `RTP/AVP`.
    package var transportProtocol: String
    /// At least one; the first is the one the source prefers (quirk C34: one media, five payload types).
    package var formats: [TrackFormat]
    /// The value of the media's `a=control`, as written; `nil` if there is none.
    package var control: String?
    /// `sendonly` on an ONVIF description marks the back channel (quirk C26).
    package var direction: MediaDirection
    /// `a=x-dimensions` or `a=framesize` of the media, in pixels; MJPEG needs it above 2040 (quirk J9).
    package var dimensions: PictureDimensions?
    /// The port of the `m=` line: where a stream without RTSP is sent to; `nil` for 0, as RTSP has it.
    package var port: UInt16?
    /// The port of `a=rtcp` (RFC 3605); `nil` if it is the one above `port`.
    package var controlPort: UInt16?
    /// Who may send, as `a=source-filter` of the media or the session has it.
    package var sourceFilter: SourceFilter?
    /// The address of the media's own `c=` line, with its `/ttl` if any; `nil` if the session's holds.
    package var connectionAddress: String?
    /// `b=AS`, in kbit/s.
    package var bandwidth: Int?
    /// Frames per second as declared by `a=framerate`.
    package var frameRate: Double?
    /// The encoder says that it sends hardly any key frames (`a=smart_encoder:virtualIFrame=1`, quirk C35).
    package var expectsRareKeyFrames = false

    package init(
        kind: MediaKind,
        formats: [TrackFormat],
        control: String? = nil,
        direction: MediaDirection = .sendReceive,
        dimensions: PictureDimensions? = nil,
        transportProtocol: String = "RTP/AVP"
    ) {
        precondition(!formats.isEmpty, "a track has at least one format")
        self.kind = kind
        self.formats = formats
        self.control = control
        self.direction = direction
        self.dimensions = dimensions
        self.transportProtocol = transportProtocol
    }

    /// The format the source prefers.
    package var primary: TrackFormat {
        get { formats[0] }
        set { formats[0] = newValue }
    }
}

/// `a=sendrecv`, `a=recvonly`, `a=sendonly`, `a=inactive`, seen from whoever wrote the description.
package enum MediaDirection: String, Sendable, Hashable {
    case sendReceive = "sendrecv"
    case receiveOnly = "recvonly"
    case sendOnly = "sendonly"
    case inactive
}

/// Width and height in pixels.
package struct PictureDimensions: Sendable, Hashable {
    package var width: Int
    package var height: Int

    package init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }
}

/// What a decoder must know before the first access unit.
package enum CodecConfiguration: Sendable, Hashable {
    case none
    /// NAL units without start code or length, newest of each kind; any may be missing.
    case h264(sequenceParameterSets: [[UInt8]], pictureParameterSets: [[UInt8]])
    /// NAL units without start code or length, newest of each kind; any may be missing.
    case h265(videoParameterSets: [[UInt8]], sequenceParameterSets: [[UInt8]], pictureParameterSets: [[UInt8]])
    /// The AudioSpecificConfig of ISO/IEC 14496-3 §1.6.
    case aac(audioSpecificConfig: [UInt8])
}

/// The `key=value;key=value` list of an `a=fmtp` line, in the order of the source, keys compared without case.
package struct FormatParameters: Sendable, Hashable {
    package struct Parameter: Sendable, Hashable {
        package var name: String
        /// `nil` for a bare word.
        package var value: String?

        package init(name: String, value: String?) {
            self.name = name
            self.value = value
        }
    }

    package var parameters: [Parameter]

    package init(_ parameters: [Parameter] = []) {
        self.parameters = parameters
    }

    /// The value of the first parameter of that name, in any case; setting `nil` removes every one.
    package subscript(_ name: String) -> String? {
        get {
            parameters.first { $0.name.lowercased() == name.lowercased() }?.value
        }
        set {
            let index = parameters.firstIndex { $0.name.lowercased() == name.lowercased() }
            if let newValue {
                if let index {
                    parameters[index].value = newValue
                } else {
                    parameters.append(Parameter(name: name, value: newValue))
                }
            } else {
                parameters.removeAll { $0.name.lowercased() == name.lowercased() }
            }
        }
    }
}
