/// The address of a stream on a camera or a server.
///
///     rtsp://user:p@ss%20word@192.168.1.20:554/user=admin&channel=1?x=y
///            └──credentials──┘ └───host───┘port└────pathAndQuery──────┘
///
/// Path and query are opaque: they go on the wire byte for byte as they came (quirk D4).
package struct RTSPURL: Sendable, Hashable {
    /// The schemes of RTSP, in the spelling of URLs.
    package enum Scheme: String, Sendable, Hashable, CaseIterable {
        case rtsp
        /// RTSP in TLS.
        case rtsps
        /// RTSP with the wish for media over UDP.
        case rtspu
        /// RTSP with the wish for media over TCP.
        case rtspt
        /// RTSP through an HTTP tunnel.
        case rtspHTTP = "rtsp+http"
        /// RTSP through an HTTP tunnel in TLS.
        case rtspsHTTPS = "rtsps+https"
        /// RTSP over a WebSocket.
        case rtspWS = "rtsp+ws"
        /// RTSP over a WebSocket in TLS.
        case rtspsWSS = "rtsps+wss"

        /// 554, 322 in TLS, and those of HTTP through it: 80, 443 in TLS.
        package var defaultPort: UInt16 {
            switch self {
            case .rtsp, .rtspu, .rtspt: 554
            case .rtsps: 322
            case .rtspHTTP, .rtspWS: 80
            case .rtspsHTTPS, .rtspsWSS: 443
            }
        }
    }

    /// Tells whether there is TLS, and which transport was wished for.
    package var scheme: Scheme
    /// Percent-decoded; `nil` if the URL names no user.
    package var credentials: Credentials?
    /// A name or an address, IPv6 without brackets.
    package var host: String
    /// `nil` if not written.
    package var port: UInt16?
    /// Empty, or from the first `/` or `?` to the end.
    package var pathAndQuery: String

    package init(
        scheme: Scheme = .rtsp,
        credentials: Credentials? = nil,
        host: String,
        port: UInt16? = nil,
        pathAndQuery: String
    ) {
        self.scheme = scheme
        self.credentials = credentials
        self.host = host
        self.port = port
        self.pathAndQuery = pathAndQuery
    }

    /// The port to connect to.
    package var portOrDefault: UInt16 { port ?? scheme.defaultPort }

    /// What a request line carries: no credentials, and `rtsp` for the schemes that only wish for a transport or a carrier.
    package var requestURI: String {
        "\(scheme == .rtsps ? "rtsps" : "rtsp")://\(authority)\(pathAndQuery)"
    }

    var authority: String {
        let host = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        return port.map { "\(host):\($0)" } ?? host
    }
}

extension RTSPURL: CustomStringConvertible, CustomDebugStringConvertible {
    /// Never shows the user's name or password.
    package var description: String { "\(scheme.rawValue)://\(authority)\(pathAndQuery)" }
    package var debugDescription: String { description }
}
