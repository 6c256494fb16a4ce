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
