import Media
import NIOCore
import RTSPTransport

/// One stream that is sent on to somebody else, and where to.
package struct PushConfiguration: Sendable, Equatable {
    /// What the file calls it; several cameras may go by one name.
    package var name: String
    /// The stream's path.
    package var path: String
    /// Where it goes.
    package var target: PushTarget

    package init(name: String, path: String, target: PushTarget) {
        self.name = name
        self.path = path
        self.target = target
    }
}

/// Where a stream is sent to, and how.
package enum PushTarget: Sendable, Equatable {
    /// To an RTSP server that takes publishers: ANNOUNCE, RECORD.
    case rtsp(RTSPPushTarget)
    /// To an address or a group that nobody is asked about: RTP.
    case datagrams(DatagramPushTarget)
}

extension PushTarget: CustomStringConvertible {
    /// For eyes, without passwords.
    package var description: String {
        switch self {
        case .rtsp(let target): target.description
        case .datagrams(let target): target.description
        }
    }
}

/// How the packets go to the server (RFC 2326 §12.39).
package enum PushTransport: String, Sendable, Hashable, CaseIterable {
    /// Interleaved in the RTSP connection.
    case tcp
    /// As datagrams, each track from a pair of ports of its own.
    case udp
}

/// A path of an RTSP server, and how to publish to it.
package struct RTSPPushTarget: Sendable, Equatable {
    /// The `rtsp://` or `rtsps://` URL without user and password; its query may still hold one, so show `redactedURL`.
    package var url: String
    /// The account on the server; `nil` publishes without one.
    package var username: String?
    /// The password of `username`.
    package var password: Secret?
    /// Which certificate a server at `rtsps://` may show.
    package var trust: PeerTrust
    /// How the packets go; to `rtsps://` always by TCP, inside of TLS.
    package var transport: PushTransport
    /// How long a connection or an answer may take.
    package var timeout: TimeAmount

    /// A target with the built-in defaults.
    package init(
        url: String,
        username: String? = nil,
        password: Secret? = nil,
        trust: PeerTrust = .authorities,
        transport: PushTransport = .tcp,
        timeout: TimeAmount = .seconds(10)
    ) {
        self.url = url
        self.username = username
        self.password = password
        self.trust = trust
        self.transport = transport
        self.timeout = timeout
    }

    /// The URL for eyes, without a password in its path or query.
    package var redactedURL: String { RedactedURL(url).description }
}

extension RTSPPushTarget: CustomStringConvertible, CustomReflectable {
    /// The redacted URL and the transport.
    package var description: String { "\(redactedURL) (\(transport.rawValue))" }

    /// The fields with the URL redacted, so that `dump` shows no password.
    package var customMirror: Mirror {
        Mirror(
            self,
            children: [
                "url": redactedURL, "username": username as Any, "password": password as Any, "trust": trust,
                "transport": transport, "timeout": timeout,
            ]
        )
    }
}
