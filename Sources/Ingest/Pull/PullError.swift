import Media
import Reflector
import RTSP
import RTSPTransport

/// Why a camera is not pulled, or no longer.
package enum PullError: Error, Sendable, Hashable {
    case unusableURL
    case connection(RTSPClientEnd)
    case tooManyRedirections
    /// PLAY went well, and nothing came over UDP.
    case silent
    /// A track fell silent while the connection seemed well.
    case stalled(MediaKind)
    /// Nothing has to flow, and the keepalives that were answered are answered no longer.
    case unresponsive
    /// The camera said BYE.
    case goodbye
    case stream(StreamError)
    /// Nobody wants the stream any more.
    case cancelled
}

extension PullError {
    init(_ verdict: StallWatch.Verdict) {
        switch verdict {
        case .stalled(let kind): self = .stalled(kind)
        case .goodbye: self = .goodbye
        }
    }
}

extension PullError: CustomStringConvertible {
    /// The cause and what to look at; never a URL or a password.
    package var description: String {
        switch self {
        case .unusableURL: "the URL is none; write rtsp://host/path"
        case .connection(let end): end.text
        case .tooManyRedirections: "redirected again and again; use the URL it leads to"
        case .silent: "nothing arrives over UDP; check the firewall, or set the transport to tcp"
        case .stalled(let kind): "no \(kind.name) for some seconds; check the camera's load and the network"
        case .unresponsive: "no answer to keepalives any more; check the camera and the network"
        case .goodbye: "the camera ended the stream"
        case .stream(let error): error.description
        case .cancelled: "not wanted any more"
        }
    }
}

extension RTSPClientEnd {
    fileprivate var text: String {
        switch self {
        case .stopped: "not wanted any more"
        case .unreachable(let reason): "\(reason); check address, power and network of the camera"
        case .insecure(let failure): failure.description
        case .closed: "the camera closed the connection"
        case .deaf: "the camera asks without reading the answers; its software needs an update"
        case .redirected: "redirected"
        case .conversation(let error): error.description
        case .tunnel(let error): error.description
        case .malformed(let error): error.description
        case .noGroup(let reason): reason
        case .noPorts(let reason): "no UDP ports: \(reason); check the limits of open files and ports"
        }
    }
}
