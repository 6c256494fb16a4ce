import NIOCore

/// A stream that somebody sends to this machine, or to a multicast group, without being asked.
package struct ListenSourceConfiguration: Sendable, Equatable {
    /// What is sent, and where to.
    package enum Origin: Sendable, Equatable {
        /// RTP as the session description in a file says; the path is absolute or relative to the working directory.
        case description(file: String)
        /// RTP of a payload type that tells its codec by itself; without `host` on all addresses.
        case rtp(host: String?, port: UInt16)
        /// An MPEG transport stream in datagrams, bare or in RTP.
        case transportStream(host: String?, port: UInt16)
    }

    package var origin: Origin
    /// Name or address of the interface to join a multicast group on; `nil` leaves it to the routes.
    package var interface: String?
    /// The address of the only host that may send; `nil` takes the first, or whom the description names.
    package var source: String?
    /// `true` listens, and is a member of the group, only while somebody watches.
    package var onDemand: Bool
    /// How long an on-demand source is listened to after its last viewer.
    package var linger: TimeAmount
    /// How long a viewer waits for the first packet; a track may be silent for as long, but for 6 s at most.
    package var timeout: TimeAmount

    /// A source with the built-in defaults.
    package init(
        origin: Origin, interface: String? = nil, source: String? = nil, onDemand: Bool = false,
        linger: TimeAmount = .seconds(30), timeout: TimeAmount = .seconds(10)
    ) {
        self.origin = origin
        self.interface = interface
        self.source = source
        self.onDemand = onDemand
        self.linger = linger
        self.timeout = timeout
    }
}

extension ListenSourceConfiguration: CustomStringConvertible {
    /// As written in the file.
    package var description: String {
        switch origin {
        case .description(let file): file
        case .rtp(let host, let port): "rtp://\(Self.authority(host, port))"
        case .transportStream(let host, let port): "udp://\(Self.authority(host, port))"
        }
    }

    private static func authority(_ host: String?, _ port: UInt16) -> String {
        guard let host else { return ":\(port)" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}

/// How long listening waits for what.
package struct ListenPatience: Sendable, Hashable {
    /// For a packet of a track that has to flow: after it the stream has no source until packets come again.
    package var stall = TimeAmount.seconds(6)
    /// For a sender that fell silent, before another may take its place.
    package var takeover = TimeAmount.seconds(2)
    /// For the sound of a transport stream, once its picture is known.
    package var program = TimeAmount.seconds(1)
    /// For its first key frame: few sources have fewer than one a minute.
    package var picture = TimeAmount.seconds(60)
    /// For a transport stream to make any sense.
    package var sense = TimeAmount.seconds(10)
    /// Before a port that is in use is tried again.
    package var retry = TimeAmount.seconds(5)
    /// Between looks at the description's file.
    package var look = TimeAmount.seconds(1)

    /// The built-in times.
    package init() {}
}
