import Media

/// Why a server does not play, or plays no longer.
package enum PlayClientError: Error, Sendable, Hashable {
    /// Any status that ends the conversation and has no case of its own here.
    case refused(RTSPMethod, RTSPStatus)
    /// 401 without credentials to answer it, or again after they were sent.
    case unauthorized(hadCredentials: Bool)
    case description(SDPError)
    /// The description has no track that could be received.
    case noTracks([SkippedTrack])
    /// 461, or an answer with another transport than asked; that one is `offered`.
    case transportRefused(offered: TransportSpecification.LowerTransport?)
    /// Multicast, and neither the answer nor the description tells address and ports.
    case noGroup
    /// A redirection without a usable `Location`, or out of TLS.
    case redirectRefused
    /// The stream has come through this relay, or through too many.
    case loop
    case noAnswer(RTSPMethod)
    /// 454 to a keepalive: the server forgot the session.
    case sessionLost
    /// The server tore the session down.
    case endedByServer
}

extension PlayClientError: CustomStringConvertible {
    /// The cause and what to look at; never a URL, for that may hold a password.
    package var description: String {
        switch self {
        case .refused(let method, let status):
            "\(method.rawValue) answered \(status.code) \(status.reason)"
                + (status.code == 404 ? "; check the path of the URL" : "")
        case .unauthorized(hadCredentials: true): "credentials refused; check user name and password"
        case .unauthorized(hadCredentials: false): "credentials asked for; give a user name and password"
        case .description(let error): error.description
        case .noTracks(let skipped):
            "no track to receive; check that the camera offers video on this URL"
                + (skipped.isEmpty ? "" : " (left out: \(skipped.map(\.description).joined(separator: ", ")))")
        case .transportRefused(offered: .tcp): "the camera only sends over TCP; set the transport to tcp"
        case .transportRefused(offered: .udp): "the camera only sends over UDP; set the transport to udp"
        case .transportRefused(offered: nil): "transport refused; try the other one of tcp and udp"
        case .noGroup:
            "multicast without address and ports; switch multicast on in the camera, or set the transport to tcp"
        case .redirectRefused: "redirected to nowhere of use, or out of TLS; use the URL of the target"
        case .loop: Self.loopText
        case .noAnswer(let method): "no answer to \(method.rawValue) in time; check that the port speaks RTSP"
        case .sessionLost: "the camera forgot the session; if this repeats, try another keepalive"
        case .endedByServer: "ended by the camera"
        }
    }
}

extension PlayClientError {
    /// Of pulls and pushes alike.
    static let loopText =
        "loop: the stream has come through the same relay before; leave one of the ways in the ring out of its configuration"
}
