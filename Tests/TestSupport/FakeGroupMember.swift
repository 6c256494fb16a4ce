import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A member of a multicast group on the loopback interface: what comes for one track, RTP and RTCP.
package final class FakeGroupMember: Sendable {
    /// Datagrams on the RTP port.
    package let media: Inbox<FakeViewerPorts.Datagram>
    /// Datagrams on the RTCP port.
    package let control: Inbox<FakeViewerPorts.Datagram>
    private let channels: [any Channel]

    private init(
        media: Inbox<FakeViewerPorts.Datagram>, control: Inbox<FakeViewerPorts.Datagram>, channels: [any Channel]
    ) {
        self.media = media
        self.control = control
        self.channels = channels
    }

    /// Joins on 127.0.0.1, or on ::1 for an IPv6 group, or else where the routes of the system lead; RTCP is expected on the port above.
    package static func join(_ group: String, port: Int, onLoopback: Bool = true) async throws -> FakeGroupMember {
        let eventLoop = FakeViewer.group.next()
        let media = Inbox<FakeViewerPorts.Datagram>("datagram to the group", on: eventLoop)
        let control = Inbox<FakeViewerPorts.Datagram>("report to the group", on: eventLoop)
        var channels: [any Channel] = []
        for (inbox, port) in [(media, port), (control, port + 1)] {
            let address = try SocketAddress(ipAddress: group, port: port)
            let channel = try await DatagramBootstrap(group: eventLoop)
                .channelOption(.socketOption(.so_reuseaddr), value: 1)
                .channelOption(.socketOption(.so_rcvbuf), value: 1 << 20)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(DatagramCollector(inbox: inbox))
                    }
                }
                .bind(to: address).get()
            try await channel.join(address, onLoopback: onLoopback)
            channels.append(channel)
        }
        return FakeGroupMember(media: media, control: control, channels: channels)
    }

    package func leave() async {
        for channel in channels { try? await channel.close().get() }
    }
}

extension Channel {
    /// NIO's own way of joining refuses the loopback interface, which does not call itself fit for multicast.
    fileprivate func join(_ group: SocketAddress, onLoopback: Bool) async throws {
        guard let options = self as? any SocketOptionProvider else { throw ChannelError.operationUnsupported }
        switch group {
        case .v4(let address):
            let loopback = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
            let request = ip_mreq(
                imr_multiaddr: address.address.sin_addr, imr_interface: onLoopback ? loopback : in_addr())
            try await options.unsafeSetSocketOption(
                level: SocketOptionLevel(Int(IPPROTO_IP)), name: SocketOptionName(IP_ADD_MEMBERSHIP), value: request
            ).get()
        case .v6(let address):
            let request = ipv6_mreq(
                ipv6mr_multiaddr: address.address.sin6_addr, ipv6mr_interface: onLoopback ? if_nametoindex("lo") : 0)
            try await options.unsafeSetSocketOption(
                level: SocketOptionLevel(Int(IPPROTO_IPV6)), name: SocketOptionName(IPV6_JOIN_GROUP), value: request
            ).get()
        case .unixDomainSocket: throw ChannelError.operationUnsupported
        }
    }
}

/// Whether the loopback interface of this machine carries multicast; in some containers it does not.
package enum LoopbackMulticast {
    /// What a test says that is left out for it.
    package static let comment = "needs multicast on the loopback interface: ip link set lo multicast on"

    package static func works() async -> Bool {
        guard let port = try? await FreePorts.pair(),
            let member = try? await FakeGroupMember.join("239.255.77.250", port: Int(port)),
            let sender = try? await FakeSender.start()
        else { return false }
        try? await sender.send([1], toGroup: "239.255.77.250", port: Int(port))
        let came = try? await member.media.next(within: .seconds(2))
        await member.leave()
        try? await sender.stop()
        return came != nil
    }
}
