import RTSP
import RTSPTransport

/// Why a stream is not pushed, or no longer.
package enum PushError: Error, Sendable, Hashable {
    case unusableURL
    case connection(RTSPRecordEnd)
    case tooManyRedirections
    /// The keepalives that were answered are answered no longer.
    case unresponsive
    /// The address, the interface, or what the kernel says to each packet, in words.
    case cannotSend(reason: String)
    /// The server said BYE.
    case goodbye
    /// The stream has other tracks now, or comes another way: it has to be announced anew.
    case streamChanged
    /// Nobody wants the push any more.
    case cancelled
}

extension PushError {
    /// Credentials that the server does not take; a locked account is answered 403 by some.
    var isRefusedCredentials: Bool {
        switch self {
        case .connection(.conversation(.unauthorized)): true
        case .connection(.conversation(.refused(_, let status))): status.code == 403
        default: false
        }
    }

    /// Asking again does not help before somebody has changed a configuration.
    var isLoop: Bool { self == .connection(.conversation(.loop)) }
}

extension PushError: CustomStringConvertible {
    /// The cause and what to look at; never a URL or a password.
    package var description: String {
        switch self {
        case .unusableURL: "the URL is none; write rtsp://host/path"
        case .connection(let end): end.text
        case .tooManyRedirections: "redirected again and again; use the URL it leads to"
        case .unresponsive: "no answer to keepalives any more; check the server and the network"
        case .cannotSend(let reason): reason
        case .goodbye: "the server ended the stream"
        case .streamChanged: "the stream ended or changed"
        case .cancelled: "not wanted any more"
        }
    }
}

extension RTSPRecordEnd {
    fileprivate var text: String {
        switch self {
        case .stopped: "not wanted any more"
        case .unreachable(let reason): "\(reason); check address and port of the server, and the network"
        case .insecure(let failure): failure.description
        case .closed: "the server closed the connection"
        case .reset: "the server broke the connection off"
        case .unacknowledged: "the server takes nothing any more; check it and the network"
        case .deaf: "the server asks without reading the answers"
        case .redirected: "redirected"
        case .conversation(let error): error.description
        case .malformed(let error): error.description
        case .noPorts(let reason): "no UDP ports: \(reason); check the limits of open files and ports"
        }
    }
}
