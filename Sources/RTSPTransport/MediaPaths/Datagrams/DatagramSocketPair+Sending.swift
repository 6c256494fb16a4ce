import NIOCore
import NIOPosix
import RTSP

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension DatagramSocketPair {
    /// A pair that sends to addresses which do not change and reads nothing, on any two ports; `close()` gives them back.
    ///
    /// What a receiver sends back is left to the kernel, which drops it when its buffer is full. As the sockets are not
    /// connected, no ICMP refusal of a receiver ever reaches them. Destinations are of one family; `multicast` where a
    /// group is among them. On `eventLoop`, which must be the current one; fails with `ListeningError`.
    package static func openSending(
        isIPv6: Bool, multicast: MulticastSending?, on eventLoop: any EventLoop
    ) -> EventLoopFuture<NIOLoopBound<DatagramSocketPair>> {
        let interface: MulticastInterface?
        do {
            interface = try multicast?.interface.map(MulticastInterface.init(named:))
        } catch {
            return eventLoop.makeFailedFuture(error)
        }
        @Sendable func channel() -> EventLoopFuture<any Channel> {
            bindSending(isIPv6: isIPv6, on: eventLoop).flatMap { channel in
                multicast.map { channel.send($0, on: interface, isIPv6: isIPv6) }
                    ?? channel.eventLoop.makeSucceededFuture(channel)
            }
        }
        return channel().flatMap { rtp in
            channel().flatMapThrowing { rtcp in
                try NIOLoopBound(DatagramSocketPair(rtp, rtcp, isIPv6: isIPv6), eventLoop: eventLoop)
            }.flatMapError { error in rtp.close().flatMapThrowing { throw error } }
        }
    }

    private convenience init(_ rtp: any Channel, _ rtcp: any Channel, isIPv6: Bool) throws {
        let ports = [rtp, rtcp].map { $0.localAddress?.port.flatMap(UInt16.init(exactly:)) ?? 0 }
        self.init(
            rtp: try DatagramSocket(over: rtp, isIPv6: isIPv6), rtcp: try DatagramSocket(over: rtcp, isIPv6: isIPv6),
            ports: PortPair(rtp: ports[0], rtcp: ports[1]), owners: DatagramOwners(), seat: 0
        )
    }

    private static func bindSending(isIPv6: Bool, on eventLoop: any EventLoop) -> EventLoopFuture<any Channel> {
        let host = isIPv6 ? "::" : "0.0.0.0"
        return DatagramBootstrap(group: eventLoop)
            .channelOption(.socketOption(.so_sndbuf), value: PairBinding.sendBuffer)
            .channelOption(.autoRead, value: false)
            .bind(host: host, port: 0)
            .flatMapErrorThrowing { error in
                throw ListeningError.cannotBind(host, reason: ListeningError.reason(error))
            }
    }
}

extension Channel {
    /// Sets what a packet to a group leaves with; programs on this machine hear it too. Closes the channel where that fails.
    fileprivate func send(
        _ multicast: MulticastSending, on interface: MulticastInterface?, isIPv6: Bool
    ) -> EventLoopFuture<any Channel> {
        guard let options = self as? any SocketOptionProvider else {
            return eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        let level = SocketOptionLevel(isIPv6 ? Int(IPPROTO_IPV6) : Int(IPPROTO_IP))
        func set(_ name: CInt, _ value: some Sendable) -> EventLoopFuture<Void> {
            options.unsafeSetSocketOption(level: level, name: SocketOptionName(name), value: value)
        }
        var settings = [
            set(isIPv6 ? IPV6_MULTICAST_HOPS : IP_MULTICAST_TTL, CInt(multicast.ttl)),
            set(isIPv6 ? IPV6_MULTICAST_LOOP : IP_MULTICAST_LOOP, CInt(1)),
        ]
        if let interface {
            let index = CInt(truncatingIfNeeded: interface.index)
            let request = ip_mreqn(
                imr_multiaddr: in_addr(), imr_address: interface.address ?? in_addr(), imr_ifindex: index)
            settings.append(isIPv6 ? set(IPV6_MULTICAST_IF, index) : set(IP_MULTICAST_IF, request))
        }
        return EventLoopFuture.andAllSucceed(settings, on: eventLoop).map { self }.flatMapError { error in
            self.close().flatMapThrowing {
                throw ListeningError.cannotBind("the interface for multicast", reason: ListeningError.reason(error))
            }
        }
    }
}
