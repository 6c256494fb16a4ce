import NIOCore
import RTSP

/// Where packets come to that nobody asked for on a connection: a local address, or a multicast group to join.
package struct ListeningPoint: Sendable, Hashable {
    /// A local address or a group, its port not looked at; `nil` listens on all addresses.
    package var address: SocketAddress?
    /// The port of RTP, or of whatever comes.
    package var port: UInt16
    /// The port of RTCP, if any is expected.
    package var controlPort: UInt16?
    /// Name or address of the interface to join on; `nil` leaves it to the routes of the system.
    package var interface: String?
    /// The only hosts that may send; empty takes the first that does.
    package var sources: [SocketAddress]

    package init(
        address: SocketAddress? = nil, port: UInt16, controlPort: UInt16? = nil, interface: String? = nil,
        sources: [SocketAddress] = []
    ) {
        self.address = address
        self.port = port
        self.controlPort = controlPort
        self.interface = interface
        self.sources = sources
    }

    /// Whether there is a group to join.
    package var isMulticast: Bool { address?.isMulticast ?? false }

    /// Both ports, the control port 0 where there is none.
    var ports: PortPair { PortPair(rtp: port, rtcp: controlPort ?? 0) }
}

extension ListeningPoint: CustomStringConvertible {
    /// `239.1.2.3:5004`, `[ff15::1]:5004`, or `:5004`.
    package var description: String {
        guard let host = address?.ipAddress else { return ":\(port)" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}

/// Why nothing can be listened to.
package enum ListeningError: Error, Sendable, Hashable {
    case portInUse(UInt16)
    case noInterface(String)
    /// The group cannot be joined; the reason is the system's.
    case cannotJoin(String, reason: String)
    case cannotBind(String, reason: String)
}

extension ListeningError: CustomStringConvertible {
    /// The cause and what to look at.
    package var description: String {
        switch self {
        case .portInUse(let port): "port \(port) is in use; give it to this relay alone, or send to another"
        case .noInterface(let name): "there is no interface \(name); see ip address"
        case .cannotJoin(let group, let reason): "cannot join \(group): \(reason); name the interface to join on"
        case .cannotBind(let address, let reason): "cannot listen on \(address): \(reason); see ip address"
        }
    }
}
