import Media
import NIOCore
import RTSPTransport

/// How the packets of a camera come to the relay (RFC 2326 §12.39).
package enum PullTransport: String, Sendable, Hashable, CaseIterable {
    /// Interleaved in the RTSP connection, and nothing else; what most cameras do best across a network with loss.
    case tcp
    /// UDP first; TCP when the camera refuses it, answers with it, or nothing arrives for three seconds.
    case udp
    /// TCP first; UDP when the camera refuses TCP.
    case auto
    /// The group that the camera sends to for everyone, and nothing else.
    case multicast
    /// Interleaved in RTSP through an HTTP tunnel, at the port of the URL.
    case http
    /// Interleaved in RTSP over a WebSocket, at the port of the URL.
    case websocket
}

/// The request that tells a camera its viewer is still there.
package enum PullKeepalive: String, Sendable, Hashable, CaseIterable {
    /// GET_PARAMETER where the camera's Public header lists it, else OPTIONS.
    case auto
    case options
    case getParameter = "get_parameter"
    /// No request at all: some Hikvision recorders choke on any.
    case none
}

/// One stream of one camera, and how to pull it.
package struct PullConfiguration: Sendable, Equatable {
    /// The URL, its scheme one of `RTSPURL.Scheme`, without user and password; it may still hold a password in its query, so log `redactedURL`.
    package var url: String
    /// The account on the camera; `nil` asks without one.
    package var username: String?
    /// The password of `username`.
    package var password: Secret?
    /// Which certificate a camera in TLS may show.
    package var trust: PeerTrust
    /// How the packets come; through a tunnel or a WebSocket where the URL says so, whatever stands here, and in TLS always by TCP.
    package var transport: PullTransport
    /// Where the WebSocket is opened, path and query; `nil` opens it at the stream's own.
    package var webSocketPath: String?
    /// `true` pulls only while somebody watches.
    package var onDemand: Bool
    /// How long an on-demand pull goes on after its last viewer.
    package var linger: TimeAmount
    /// How long a connection or an answer may take; a track may be silent for as long, but for 6 s at most, unless it proves to send less often.
    package var timeout: TimeAmount
    /// How the session is kept alive.
    package var keepalive: PullKeepalive

    /// A pull with the built-in defaults.
    package init(
        url: String,
        username: String? = nil,
        password: Secret? = nil,
        trust: PeerTrust = .authorities,
        transport: PullTransport = .tcp,
        webSocketPath: String? = nil,
        onDemand: Bool = false,
        linger: TimeAmount = .seconds(30),
        timeout: TimeAmount = .seconds(10),
        keepalive: PullKeepalive = .auto
    ) {
        self.url = url
        self.username = username
        self.password = password
        self.trust = trust
        self.transport = transport
        self.webSocketPath = webSocketPath
        self.onDemand = onDemand
        self.linger = linger
        self.timeout = timeout
        self.keepalive = keepalive
    }
}

extension PullConfiguration {
    /// The URL for eyes, without a password in its path or query.
    package var redactedURL: String { RedactedURL(url).description }
}

extension PullConfiguration: CustomStringConvertible, CustomReflectable {
    /// The redacted URL and the transport.
    package var description: String { "\(redactedURL) (\(transport.rawValue))" }

    /// The fields with the URL redacted, so that `dump` shows no password.
    package var customMirror: Mirror {
        Mirror(
            self,
            children: [
                "url": redactedURL, "username": username as Any, "password": password as Any, "trust": trust,
                "transport": transport, "webSocketPath": webSocketPath as Any, "onDemand": onDemand, "linger": linger,
                "timeout": timeout,
                "keepalive": keepalive,
            ]
        )
    }
}
