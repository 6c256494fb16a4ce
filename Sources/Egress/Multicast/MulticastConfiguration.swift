import NIOCore
import RTSP
import RTSPTransport

/// How streams are sent to groups, one group a stream.
package struct MulticastConfiguration: Sendable, Hashable {
    /// The groups that may be used.
    package var addresses: MulticastRange
    /// The ports of the tracks, the same in each group.
    package var ports: MulticastPorts
    /// TTL and interface.
    package var sending: MulticastSending

    package init(
        addresses: MulticastRange, ports: MulticastPorts = MulticastPorts(),
        sending: MulticastSending = MulticastSending()
    ) {
        self.addresses = addresses
        self.ports = ports
        self.sending = sending
    }

    /// Where a track is sent; `nil` where the ports do not reach to it.
    func destination(of track: Int, in group: SocketAddress) -> MulticastDestination? {
        guard let ports = ports[track], let address = group.ipAddress else { return nil }
        return MulticastDestination(group: address, ports: ports, ttl: sending.ttl)
    }

    /// The group as a `c=` line has it: an IPv4 one with its TTL (RFC 4566 §5.7).
    func connectionAddress(of group: SocketAddress) -> String {
        let address = group.ipAddress ?? ""
        return group.protocol == .inet6 ? address : "\(address)/\(sending.ttl)"
    }
}

/// Port pairs in a row, each even for RTP and the next above for RTCP (RFC 3550 §11): one a track.
package struct MulticastPorts: Sendable, Hashable {
    /// Even.
    package let first: UInt16
    /// Odd.
    package let last: UInt16

    /// 8002 to 8033: sixteen tracks.
    package init() {
        first = 8002
        last = 8033
    }

    /// `nil` unless `first` is even, not 0, and `last` an odd one above it.
    package init?(first: UInt16, last: UInt16) {
        guard first != 0, first.isMultiple(of: 2), !last.isMultiple(of: 2), first < last else { return nil }
        self.first = first
        self.last = last
    }

    /// Those of a track, counted from 0; `nil` behind the last.
    package subscript(track: Int) -> PortPair? {
        guard track >= 0, track <= (Int(last) - Int(first)) / 2 else { return nil }
        let rtp = first + UInt16(2 * track)
        return PortPair(rtp: rtp, rtcp: rtp + 1)
    }
}

extension MulticastPorts: CustomStringConvertible {
    /// As written in the file: `8002-8033`.
    package var description: String { "\(first)-\(last)" }
}
