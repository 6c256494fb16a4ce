import NIOCore
import RTSPTransport

/// An address or a group that a stream is sent to as RTP, without being asked for: each track to a pair of ports.
package struct DatagramPushTarget: Sendable, Hashable {
    /// An address or a name, IPv6 without brackets.
    package var host: String
    /// The first track's port for RTP, even; the next is for RTCP, and two above are the next track's.
    package var port: UInt16
    /// The tracks that have ports before those of another target begin; others are not sent.
    package var mostTracks: Int
    /// How it leaves, if the host is a group.
    package var sending: MulticastSending
    /// Where to write the session description that players open; `nil` writes none.
    package var descriptionFile: String?

    package init(
        host: String, port: UInt16, mostTracks: Int = 16, sending: MulticastSending = MulticastSending(),
        descriptionFile: String? = nil
    ) {
        self.host = host
        self.port = port
        self.mostTracks = mostTracks
        self.sending = sending
        self.descriptionFile = descriptionFile
    }

    /// The host is a name, which may stand for another address tomorrow.
    var isNamed: Bool { (try? SocketAddress(ipAddress: host, port: 0)) == nil }

    /// The host is an address, and no group: what `sending` says means nothing there.
    package var isOneReceiver: Bool {
        guard let address = try? SocketAddress(ipAddress: host, port: 0) else { return false }
        return !address.isMulticast
    }

    /// The port of a track, counted from 0; `nil` for one that has none.
    package func port(of track: Int) -> UInt16? {
        guard track >= 0, track < mostTracks else { return nil }
        return UInt16(exactly: Int(port) + 2 * track).flatMap { $0 == .max ? nil : $0 }
    }
}

extension DatagramPushTarget: CustomStringConvertible {
    /// `rtp://239.70.0.1:5004`, `rtp://[ff15::1]:5004`.
    package var description: String { "rtp://\(host.contains(":") ? "[\(host)]" : host):\(port)" }
}
