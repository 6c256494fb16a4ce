import NIOCore
import RTSPTransport

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
