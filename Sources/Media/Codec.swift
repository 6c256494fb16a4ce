/// What a track carries, as far as the relay has to know it.
///
/// Everything else passes through untouched under `.other`, with the encoding name of its `a=rtpmap`.
package enum Codec: Sendable, Hashable {
    case h264
    case h265
    case mjpeg
    case aac
    case pcmu
    case pcma
    case opus
    /// Any other encoding: the `encoding name` of `a=rtpmap` in upper case, `nil` where the SDP names none.
    case other(String?)
}

extension Codec: CustomStringConvertible {
    /// The name an operator reads in a log line.
    package var description: String {
        switch self {
        case .h264: "H.264"
        case .h265: "H.265"
        case .mjpeg: "MJPEG"
        case .aac: "AAC"
        case .pcmu: "G.711 µ-law"
        case .pcma: "G.711 A-law"
        case .opus: "Opus"
        case .other(let name): name ?? "unknown"
        }
    }
}

extension Codec {
    /// The codec behind an encoding name, in any case (RFC 6184, 7798, 2435, 3640, 3551, 7587).
    package init(encodingName: String) {
        let name = encodingName.uppercased()
        switch name {
        case "H264": self = .h264
        case "H265", "HEVC": self = .h265
        case "JPEG": self = .mjpeg
        case "MPEG4-GENERIC": self = .aac
        case "PCMU": self = .pcmu
        case "PCMA": self = .pcma
        case "OPUS": self = .opus
        default: self = .other(name)
        }
    }

    /// The encoding name to write into an `a=rtpmap`, `nil` where none is known.
    package var encodingName: String? {
        switch self {
        case .h264: "H264"
        case .h265: "H265"
        case .mjpeg: "JPEG"
        case .aac: "MPEG4-GENERIC"
        case .pcmu: "PCMU"
        case .pcma: "PCMA"
        case .opus: "opus"
        case .other(let name): name
        }
    }
}
