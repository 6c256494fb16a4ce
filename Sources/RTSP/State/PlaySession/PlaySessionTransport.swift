/// The way of one track's packets to a viewer.
package enum PlayTransport: Sendable, Hashable {
    /// Two channels of the viewer's own RTSP connection.
    case interleaved(ChannelPair)
    /// Two UDP ports at the address of the viewer's RTSP connection.
    case datagrams(PortPair)
    /// The group that the stream is sent to, for everyone who wants it so.
    case multicast(MulticastDestination)

    package var isInterleaved: Bool {
        switch self {
        case .interleaved: true
        case .datagrams, .multicast: false
        }
    }

    package var isMulticast: Bool {
        switch self {
        case .multicast: true
        case .interleaved, .datagrams: false
        }
    }
}

/// Where one track is sent for all viewers at once (RFC 2326 §12.39).
package struct MulticastDestination: Sendable, Hashable {
    /// The group's address, as text, IPv6 without brackets.
    package var group: String
    /// The group's ports.
    package var ports: PortPair
    /// How many routers a packet may pass, and one more; 0 stays on the machine.
    package var ttl: UInt8

    package init(group: String, ports: PortPair, ttl: UInt8) {
        self.group = group
        self.ports = ports
        self.ttl = ttl
    }
}

/// What the server can put media on for one viewer, now.
package struct PlayTransportPaths {
    /// Channels that other sessions of the same connection use.
    package var usedChannels: Set<UInt8>
    /// Tries to take a pair of the viewer's ports; false where another session sends there (quirk M20). `nil` where
    /// the server sends no datagrams.
    package var claimPorts: ((PortPair) -> Bool)?
    /// Tries to get the stream's group for the session. Fails with `.notEnoughBandwidth` where every group is in use,
    /// `.unsupportedTransport` where the groups have no ports for the track. `nil` where the server sends no multicast.
    package var claimGroup: (() -> Result<MulticastDestination, SessionRefusal>)?

    package init(
        usedChannels: Set<UInt8> = [], claimPorts: ((PortPair) -> Bool)? = nil,
        claimGroup: (() -> Result<MulticastDestination, SessionRefusal>)? = nil
    ) {
        self.usedChannels = usedChannels
        self.claimPorts = claimPorts
        self.claimGroup = claimGroup
    }
}

extension PlayTransport {
    /// The first alternative that can be used (quirk M9); ports or the stream's group are claimed for it.
    ///
    /// `others` are the transports of the session's other tracks: a session goes by multicast whole or not at all, for the
    /// group plays when anybody does. Whatever `destination`, `port` and `ttl` a viewer asks for, the group is ours to choose.
    /// Throws `.destinationUnreachable` where ports no viewer could own were the obstacle, `.notEnoughBandwidth`
    /// where every group is in use, `.unsupportedTransport` otherwise.
    init(
        firstOf alternatives: [TransportSpecification],
        over paths: PlayTransportPaths,
        besides others: some Collection<PlayTransport>
    ) throws(SessionRefusal) {
        var refusal = SessionRefusal.unsupportedTransport
        for alternative in alternatives
        where alternative.isPlayable && others.allSatisfy({ $0.isMulticast == alternative.isMulticast }) {
            switch alternative.lower {
            case .tcp:
                guard let channels = Self.channels(alternative.interleaved, over: paths, besides: others) else {
                    continue
                }
                self = .interleaved(channels)
                return
            case .udp where alternative.isMulticast:
                guard let claimGroup = paths.claimGroup else { continue }
                switch claimGroup() {
                case .success(let destination):
                    self = .multicast(destination)
                    return
                case .failure(let error): refusal = error
                }
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
    /// Plain RTP to somebody who wants to watch: the rest is for other servers.
    fileprivate var isPlayable: Bool {
        profile == "RTP/AVP" && (mode == nil || mode == "play") && !(isMulticast && lower == .tcp)
    }
}

extension PortPair {
    /// Ports below 1024 belong to services of the peer's host, not to a viewer or publisher: nobody may aim packets at them.
    var canBeSentTo: Bool {
        rtp >= 1024 && rtcp >= 1024 && rtp != rtcp
    }
}
