import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A group as it is joined, for any sender or for named ones (RFC 3678 §5.1); closing the socket leaves it.
struct MulticastMembership {
    let group: SocketAddress
    /// 0 leaves it to the routes of the system.
    private let interfaceIndex: UInt32
    private let sources: [SocketAddress]

    /// Throws `ListeningError.noInterface`.
    init(_ group: SocketAddress, interface: String?, sources: [SocketAddress]) throws {
        self.group = group
        self.sources = sources
        interfaceIndex = try interface.map { try MulticastInterface(named: $0).index } ?? 0
    }

    private var level: SocketOptionLevel {
        SocketOptionLevel(group.protocol == .inet6 ? Int(IPPROTO_IPV6) : Int(IPPROTO_IP))
    }

    /// Joins on a channel, on its loop.
    func join(_ channel: any Channel) -> EventLoopFuture<Void> {
        guard let options = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        guard !sources.isEmpty else {
            let request = group_req(gr_interface: interfaceIndex, gr_group: group.storage)
            let name = SocketOptionName(MCAST_JOIN_GROUP)
            return options.unsafeSetSocketOption(level: level, name: name, value: request)
        }
        let joined = sources.map { source in
            let request = group_source_req(
                gsr_interface: interfaceIndex, gsr_group: group.storage, gsr_source: source.storage)
            let name = SocketOptionName(MCAST_JOIN_SOURCE_GROUP)
            return options.unsafeSetSocketOption(level: level, name: name, value: request)
        }
        return .andAllSucceed(joined, on: channel.eventLoop)
    }
}

extension DatagramBootstrap {
    /// For a socket bound to a group: others on this machine may hear it too, and what a group of theirs brings is not ours.
    func sharesGroup(_ group: SocketAddress) -> DatagramBootstrap {
        let shared = channelOption(.socketOption(.so_reuseaddr), value: 1)
        #if os(Linux)
            // `IP_MULTICAST_ALL` and `IPV6_MULTICAST_ALL` of `linux/in.h` and `linux/in6.h`.
            let isIPv6 = group.protocol == .inet6
            let ownGroupsOnly = ChannelOptions.Types.SocketOption(
                level: SocketOptionLevel(isIPv6 ? Int(IPPROTO_IPV6) : Int(IPPROTO_IP)),
                name: SocketOptionName(isIPv6 ? 29 : 49)
            )
            return shared.channelOption(ownGroupsOnly, value: 0)
        #else
            return shared
        #endif
    }
}

extension SocketAddress {
    fileprivate var storage: sockaddr_storage {
        var storage = sockaddr_storage()
        withUnsafeMutableBytes(of: &storage) { bytes in
            switch self {
            case .v4(let address): bytes.storeBytes(of: address.address, as: sockaddr_in.self)
            case .v6(let address): bytes.storeBytes(of: address.address, as: sockaddr_in6.self)
            case .unixDomainSocket: break
            }
        }
        return storage
    }
}
