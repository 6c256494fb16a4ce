import RTSP

extension PlayTransport {
    /// The Transport header of the answer to SETUP (RFC 2326 §12.39); `serverPorts` are those that datagrams leave from.
    func answer(ssrc: UInt32, serverPorts: PortPair?) -> TransportSpecification {
        switch self {
        case .interleaved(let channels):
            TransportSpecification(lower: .tcp, interleaved: channels, ssrc: ssrc)
        case .datagrams(let ports):
            TransportSpecification(lower: .udp, clientPorts: ports, serverPorts: serverPorts, ssrc: ssrc)
        case .multicast(let destination):
            TransportSpecification(
                lower: .udp, isMulticast: true, ports: destination.ports, destination: destination.group,
                ttl: destination.ttl, ssrc: ssrc)
        }
    }
}

extension [Int: PlayTransport] {
    /// Every interleaved channel among them.
    var channels: Set<UInt8> {
        values.reduce(into: []) { channels, transport in
            guard case .interleaved(let pair) = transport else { return }
            channels.formUnion([pair.rtp, pair.rtcp])
        }
    }

    /// The track on whose channels a viewer's frame came; some send their reports on the RTP channel (quirk G5).
    func track(of frame: InterleavedFrame) -> Int? {
        first { _, transport in
            guard case .interleaved(let channels) = transport else { return false }
            return frame.channel == channels.rtcp || frame.channel == channels.rtp
        }?.key
    }
}
