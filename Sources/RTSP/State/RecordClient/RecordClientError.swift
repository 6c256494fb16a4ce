/// Why a server does not take a stream, or takes it no longer.
package enum RecordClientError: Error, Sendable, Hashable {
    /// Any status that ends the conversation and has no case of its own here.
    case refused(RTSPMethod, RTSPStatus)
    /// 401 without credentials to answer it, or again after they were sent.
    case unauthorized(hadCredentials: Bool)
    /// 461, or an answer with another transport than asked.
    case transportRefused(TransportSpecification.LowerTransport)
    /// Over UDP: the answer names no ports to send to.
    case noPorts
    /// The stream has come through the server before, or through too many relays.
    case loop
    /// A redirection without a usable `Location`, or out of TLS.
    case redirectRefused
    case noAnswer(RTSPMethod)
    /// 454 to a keepalive: the server forgot the session.
    case sessionLost
    /// The server tore the session down.
    case endedByServer
}

extension RecordClientError: CustomStringConvertible {
    /// The cause and what to look at; never a URL, for that may hold a password.
    package var description: String {
        switch self {
        case .refused(let method, let status):
            "\(method.rawValue) answered \(status.code) \(status.reason)" + Self.advice(on: method, status)
        case .unauthorized(hadCredentials: true): "credentials refused; check user name and password"
        case .unauthorized(hadCredentials: false): "credentials asked for; give a user name and password"
        case .transportRefused(.udp): "the server does not take UDP; set the transport to tcp"
        case .transportRefused(.tcp): "the server does not take TCP; set the transport to udp"
        case .noPorts: "the server names no ports to send to; set the transport to tcp"
        case .loop: PlayClientError.loopText
        case .redirectRefused: "redirected to nowhere of use, or out of TLS; use the URL of the target"
        case .noAnswer(let method): "no answer to \(method.rawValue) in time; check that the port speaks RTSP"
        case .sessionLost: "the server forgot the session"
        case .endedByServer: "ended by the server"
        }
    }

    private static func advice(on method: RTSPMethod, _ status: RTSPStatus) -> String {
        switch (method, status.code) {
        case (_, 404): "; check the path of the URL"
        case (.announce, 403): "; the path is not open to publishers, or not to this account"
        case (.announce, 405), (.announce, 501): "; the server takes no publishers"
        case (.announce, 415): "; the server does not take these codecs"
        case (_, 453): "; somebody else publishes there, or the server is full"
        default: ""
        }
    }
}
