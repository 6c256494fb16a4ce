/// The way of one track's packets to a viewer.
package enum PlayTransport: Sendable, Hashable {
    /// Two channels of the viewer's own RTSP connection.
    case interleaved(ChannelPair)
    /// Two UDP ports at the address of the viewer's RTSP connection.
    case datagrams(PortPair)

    package var isInterleaved: Bool {
        switch self {
        case .interleaved: true
        case .datagrams: false
        }
    }
}

/// What the server can put media on for one viewer, now.
package struct PlayTransportPaths {
    /// Channels that other sessions of the same connection use.
    package var usedChannels: Set<UInt8>
    /// Tries to take a pair of the viewer's ports; false where another session sends there (quirk M20). `nil` where
    /// the server sends no datagrams.
    package var claimPorts: ((PortPair) -> Bool)?

    package init(usedChannels: Set<UInt8> = [], claimPorts: ((PortPair) -> Bool)? = nil) {
        self.usedChannels = usedChannels
        self.claimPorts = claimPorts
    }
}

extension PlayTransport {
    /// The first alternative that can be used (quirk M9); ports are claimed for it.
    ///
    /// `others` are the transports of the session's other tracks. Throws `.destinationUnreachable` where ports no
    /// viewer could own were the only obstacle, `.unsupportedTransport` otherwise.
    init(
        firstOf alternatives: [TransportSpecification],
        over paths: PlayTransportPaths,
        besides others: some Collection<PlayTransport>
    ) throws(SessionRefusal) {
        var refusal = SessionRefusal.unsupportedTransport
        for alternative in alternatives where alternative.isPlayable {
            switch alternative.lower {
            case .tcp:
                guard let channels = Self.channels(alternative.interleaved, over: paths, besides: others) else {
                    continue
                }
                self = .interleaved(channels)
                return
            case .udp:
                guard let ports = alternative.clientPorts, let claimPorts = paths.claimPorts else { continue }
                guard ports.canBeSentTo else {
                    refusal = .destinationUnreachable
                    continue
                }
                guard claimPorts(ports) else { continue }
                self = .datagrams(ports)
                return
            }
        }
        throw refusal
    }

    private static func channels(
        _ asked: ChannelPair?,
        over paths: PlayTransportPaths,
        besides others: some Collection<PlayTransport>
    ) -> ChannelPair? {
        var used = paths.usedChannels
        for case .interleaved(let channels) in others { used.formUnion([channels.rtp, channels.rtcp]) }
        return ChannelPair(asked: asked, besides: used)
    }
}

extension ChannelPair {
    /// The channels asked for; others where they are taken, or where the peer leaves the choice to us (quirk M11).
    init?(asked: ChannelPair?, besides used: Set<UInt8>) {
        if let asked, asked.rtp != asked.rtcp, !used.contains(asked.rtp), !used.contains(asked.rtcp) {
            self = asked
            return
        }
        let free = stride(from: 0, through: UInt8.max - 1, by: 2).lazy
            .map { ChannelPair(rtp: $0, rtcp: $0 + 1) }
            .first { !used.contains($0.rtp) && !used.contains($0.rtcp) }
        guard let free else { return nil }
        self = free
    }
}

extension TransportSpecification {
    /// Plain RTP to one viewer, who wants to watch: the rest is for other servers.
    fileprivate var isPlayable: Bool {
        profile == "RTP/AVP" && !isMulticast && (mode == nil || mode == "play")
    }
}

extension PortPair {
    /// Ports below 1024 belong to services of the peer's host, not to a viewer or publisher: nobody may aim packets at them.
    var canBeSentTo: Bool {
        rtp >= 1024 && rtcp >= 1024 && rtp != rtcp
    }
}
