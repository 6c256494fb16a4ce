/// What RTSP goes through on its way to a server.
package enum RTSPCarrier: Sendable, Hashable {
    /// Its own connection.
    case direct
    /// A GET and POSTs (QuickTime Streaming Server's "Tunneling RTSP and RTP Through HTTP").
    case httpTunnel
    /// Frames of RFC 6455.
    case webSocket
}

extension RTSPURL.Scheme {
    /// Whether all of it goes in TLS.
    package var isSecure: Bool {
        switch self {
        case .rtsps, .rtspsHTTPS, .rtspsWSS: true
        case .rtsp, .rtspu, .rtspt, .rtspHTTP, .rtspWS: false
        }
    }

    package var carrier: RTSPCarrier {
        switch self {
        case .rtsp, .rtsps, .rtspu, .rtspt: .direct
        case .rtspHTTP, .rtspsHTTPS: .httpTunnel
        case .rtspWS, .rtspsWSS: .webSocket
        }
    }

    /// The scheme for the same way through that carrier: in TLS where this one is.
    package func through(_ carrier: RTSPCarrier) -> RTSPURL.Scheme {
        switch carrier {
        case .direct: isSecure ? .rtsps : .rtsp
        case .httpTunnel: isSecure ? .rtspsHTTPS : .rtspHTTP
        case .webSocket: isSecure ? .rtspsWSS : .rtspWS
        }
    }
}
