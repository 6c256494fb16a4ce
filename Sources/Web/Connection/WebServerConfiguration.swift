import NIOCore
import RTSPTransport

/// A port that HTTP is served on.
package struct WebPort: Sendable {
    /// The address to listen on; nil = every address of the machine, IPv6 and IPv4.
    package var host: String?
    /// The TCP port; 0 = one the kernel chooses.
    package var port: Int
    /// What viewers are shown; `nil` where the port is without TLS.
    package var certificate: CurrentCertificate?

    package init(host: String? = nil, port: Int = 8888, certificate: CurrentCertificate? = nil) {
        self.host = host
        self.port = port
        self.certificate = certificate
    }
}

/// What a `WebServer` grants its peers.
package struct WebLimits: Sendable, Equatable {
    /// Of connections, over all ports of the server; what is said of sessions and tunnels there does not concern HTTP.
    package var connections = ConnectionLimits()
    /// How long a peer may take to read what it was sent in one piece.
    package var readingTime: TimeAmount = .seconds(60)
    /// The longest head of a request, in bytes.
    package var headBytes = 16 * 1024
    /// The most fields in one.
    package var headFields = 100
    /// Requests received ahead of the one that is being answered; reading pauses beyond.
    package var pipelinedRequests = 8

    /// Every limit at its default.
    package init() {}
}
