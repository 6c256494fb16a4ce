import NIOCore
import RTSP
import RTSPTransport

/// How one track's packets reach a viewer.
enum MovieRoute {
    case interleaved(ChannelPair)
    case datagrams(rtp: DatagramDestination, rtcp: DatagramDestination, DatagramSocketPair)

    /// `nil` for a group, and for an address that the sockets cannot reach.
    init?(_ transport: PlayTransport, for context: RTSPRequestContext) {
        switch transport {
        case .interleaved(let channels): self = .interleaved(channels)
        case .datagrams(let ports):
            guard let sockets = context.datagrams,
                let rtp = sockets.destination(of: context.peer.at(ports.rtp)),
                let rtcp = sockets.destination(of: context.peer.at(ports.rtcp))
            else { return nil }
            self = .datagrams(rtp: rtp, rtcp: rtcp, sockets)
        case .multicast: return nil
        }
    }

    var isInterleaved: Bool {
        switch self {
        case .interleaved: true
        case .datagrams: false
        }
    }
}
