/// Why a tunnel or a WebSocket to a camera does not open, or holds no longer.
package enum TunnelError: Error, Sendable, Hashable {
    /// GET or POST answered with anything but success.
    case refused(RTSPStatus)
    /// The answer does not make a WebSocket for RTSP of the connection.
    case noWebSocket
    /// What comes over a WebSocket are no frames of one.
    case badFrames
    /// What came back is no HTTP.
    case notHTTP
    /// The way down comes in chunks, which no RTSP client takes.
    case chunked
    /// GET was not answered in time.
    case noAnswer
    /// The connection of the GET ended before it was answered.
    case closed
    /// The connection for the POST cannot be had.
    case noWayUp(reason: String)
    /// The camera takes no more requests.
    case wayUpStuck
}

extension TunnelError: CustomStringConvertible {
    /// The cause and what to look at; never a URL.
    package var description: String {
        switch self {
        case .refused(let status):
            "the HTTP port answered \(status.code) \(status.reason); check path and HTTP port, or set the transport to tcp"
        case .noWebSocket: "the camera opens no WebSocket for RTSP there; check websocket_path"
        case .badFrames: "what comes over the WebSocket is none of its frames; check that no proxy stands between"
        case .notHTTP: "no HTTP where the tunnel should be; check that the port is the camera's HTTP port"
        case .chunked: "the tunnel comes in chunks; a proxy may stand between, try without it"
        case .noAnswer: "no answer to the GET in time; check that the port is the camera's HTTP port"
        case .closed: "the camera closed the tunnel before it stood; check that it tunnels RTSP through HTTP"
        case .noWayUp(let reason):
            "no second connection for the tunnel: \(reason); check the camera's limit of connections"
        case .wayUpStuck: "the camera takes no requests through the tunnel any more; check its load"
        }
    }
}
