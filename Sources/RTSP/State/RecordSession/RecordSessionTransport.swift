/// The way of one track's packets from a publisher.
package enum RecordTransport: Sendable, Hashable {
    /// Two channels of the publisher's own RTSP connection.
    case interleaved(ChannelPair)
    /// A pair of UDP ports of ours; `client` is where the publisher says it sends from, `nil` where it does not say.
    case datagrams(client: PortPair?)

    package var isInterleaved: Bool {
        switch self {
        case .interleaved: true
        case .datagrams: false
        }
    }
}

extension RecordTransport {
    /// The first alternative that can be used (quirk M9); `others` are the transports of the session's other tracks.
    ///
    /// Throws `.destinationUnreachable` where ports no publisher could own were the only obstacle, `.unsupportedTransport`
    /// otherwise.
    init(
        firstOf alternatives: [TransportSpecification],
        besides others: some Collection<RecordTransport>
    ) throws(SessionRefusal) {
        var refusal = SessionRefusal.unsupportedTransport
        for alternative in alternatives where alternative.isRecordable {
            switch alternative.lower {
            case .tcp:
                var used: Set<UInt8> = []
                for case .interleaved(let channels) in others { used.formUnion([channels.rtp, channels.rtcp]) }
                guard let channels = ChannelPair(asked: alternative.interleaved, besides: used) else { continue }
                self = .interleaved(channels)
                return
            case .udp:
                guard alternative.clientPorts?.canBeSentTo ?? true else {
                    refusal = .destinationUnreachable
                    continue
                }
                self = .datagrams(client: alternative.clientPorts)
                return
            }
        }
        throw refusal
    }
}

extension TransportSpecification {
    /// Plain RTP to us alone. Some publishers leave the mode out; `receive` was read as `record` (quirk E10).
    fileprivate var isRecordable: Bool {
        profile == "RTP/AVP" && !isMulticast && (mode == nil || mode == "record")
    }
}
