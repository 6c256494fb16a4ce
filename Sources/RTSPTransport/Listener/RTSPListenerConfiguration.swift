import NIOCore
import RTSP

/// Where an `RTSPListener` listens and what it grants its peers.
package struct RTSPListenerConfiguration: Sendable, Equatable {
    /// The address to listen on; nil = every address of the machine, IPv6 and IPv4.
    package var host: String?
    /// The TCP port; 0 = one the kernel chooses.
    package var port: Int
    /// The value of the `Server` header.
    package var serverName = "Heliograph/0.1"
    /// What a peer may use up.
    package var limits = ConnectionLimits()

    /// Listens on `host` and `port`, all else at its default.
    package init(host: String? = nil, port: Int = 554) {
        self.host = host
        self.port = port
    }
}

/// A second port of a listener, for RTSP in TLS.
package struct SecurePort: Sendable {
    /// The address to listen on; nil = every address of the machine, IPv6 and IPv4.
    package var host: String?
    /// The TCP port; 0 = one the kernel chooses.
    package var port: Int
    /// What viewers are shown.
    package var certificate: CurrentCertificate

    package init(host: String? = nil, port: Int = 322, certificate: CurrentCertificate) {
        self.host = host
        self.port = port
        self.certificate = certificate
    }
}

/// How much a peer may use up before, and apart from, its sessions.
package struct ConnectionLimits: Sendable, Equatable {
    /// Connections open at a time, over all peers.
    package var connections = 20_000
    /// Connections open at a time from one IPv4 address or one IPv6 /64 network; one more is closed at once.
    package var connectionsPerAddress = 1024
    /// From the first byte of a request to its last; then 408 and the end.
    package var requestTime: TimeAmount = .seconds(10)
    /// How long a connection without a session may ask nothing.
    package var idleTime: TimeAmount = .seconds(30)
    /// Requests answered in a row while there is no session; the next one is answered 403 and the connection ends.
    package var requestsWithoutSession = 32
    /// Requests received ahead of the one that is being answered; reading pauses beyond.
    package var pipelinedRequests = 32
    /// Bytes of the bodies of those requests; reading pauses beyond.
    package var pipelinedBytes = 262_144
    /// Bytes of answers the peer has not read; nothing more is read from it beyond.
    package var unreadAnswerBytes = 262_144
    /// Halves of HTTP tunnels, over all peers, that wait for their other half; each no longer than `idleTime`.
    package var tunnelHalves = 4096
    /// Of those, from one IPv4 address or one IPv6 /64 network.
    package var tunnelHalvesPerAddress = 256
    /// Sizes of one message.
    package var message = RTSPMessageLimits.server
    /// How long a closed connection may take to read what it was sent last.
    package var closingTime: TimeAmount = .seconds(2)

    /// Every limit at its default.
    package init() {}

    /// How often connections are looked over: fine enough for the shortest limit, and never more than once a millisecond.
    package var sweepInterval: TimeAmount {
        let shortest = min(requestTime, idleTime, closingTime)
        return max(.milliseconds(1), min(.seconds(1), .nanoseconds(shortest.nanoseconds / 4)))
    }
}
