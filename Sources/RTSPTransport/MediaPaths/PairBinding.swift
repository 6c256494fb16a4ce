import NIOCore
import NIOPosix
import RTSP

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Binds one pair of sockets per loop to the same ports.
struct PairBinding: Sendable {
    struct Bound: Sendable {
        let eventLoop: any EventLoop
        let channels: [any Channel]
        let pair: NIOLoopBound<DatagramSocketPair>
    }

    /// The address to bind to; its port is not looked at.
    let local: SocketAddress
    let ports: PortPair
    let owners: DatagramOwners

    /// What the kernel may hold for us: two access units of 2 Mbyte cameras; what it grants is `net.core.wmem_max`.
    static let sendBuffer: SocketOptionValue = 4 << 20
    private static let receiveBuffer: SocketOptionValue = 1 << 20

    /// The pairs of all loops, or none: when one fails those bound before are closed.
    func bind(_ group: any EventLoopGroup) async throws -> [Bound] {
        var opened: [(any EventLoop, any Channel, any Channel)] = []
        do {
            for eventLoop in group.makeIterator() {
                let rtp = try await channel(on: eventLoop, port: ports.rtp)
                do {
                    opened.append((eventLoop, rtp, try await channel(on: eventLoop, port: ports.rtcp)))
                } catch {
                    try? await rtp.close()
                    throw error
                }
            }
            let table = opened.map(\.0)
            var pairs: [Bound] = []
            for (seat, (eventLoop, rtp, rtcp)) in opened.enumerated() {
                pairs.append(try await makePair(seat, eventLoop, rtp, rtcp))
            }
            try await startReading(pairs, table)
            return pairs
        } catch {
            for (_, rtp, rtcp) in opened {
                try? await rtp.close()
                try? await rtcp.close()
            }
            throw error
        }
    }

    private func channel(on eventLoop: any EventLoop, port: UInt16) async throws -> any Channel {
        var address = local
        address.port = Int(port)
        return try await DatagramBootstrap(group: eventLoop)
            .sharesPort()
            .dualStack(for: address)
            .channelOption(.socketOption(.so_sndbuf), value: Self.sendBuffer)
            .channelOption(.socketOption(.so_rcvbuf), value: Self.receiveBuffer)
            // RTCP compounds and the packets of a publisher fit; what is longer is none of ours.
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 2048))
            .channelOption(.autoRead, value: false)
            .bind(to: address).get()
    }

    private func makePair(
        _ seat: Int,
        _ eventLoop: any EventLoop,
        _ rtp: any Channel,
        _ rtcp: any Channel
    ) async throws -> Bound {
        try await eventLoop.submit {
            let pair = DatagramSocketPair(
                rtp: try DatagramSocket(over: rtp, isIPv6: local.protocol == .inet6),
                rtcp: try DatagramSocket(over: rtcp, isIPv6: local.protocol == .inet6),
                ports: ports,
                owners: owners,
                seat: seat
            )
            return Bound(
                eventLoop: eventLoop,
                channels: [rtp, rtcp],
                pair: NIOLoopBound(pair, eventLoop: eventLoop)
            )
        }.get()
    }

    /// Only when every loop has its pair can datagrams be handed from one to the other.
    private func startReading(_ pairs: [Bound], _ loops: [any EventLoop]) async throws {
        let bound = pairs.map(\.pair)
        let seats = zip(loops, bound).map { DatagramReader.Seat(eventLoop: $0, pair: $1) }
        for (index, pair) in pairs.enumerated() {
            for channel in pair.channels {
                try await pair.eventLoop.submit {
                    let reader = DatagramReader(seats: seats, own: index, owners: owners)
                    try channel.pipeline.syncOperations.addHandler(reader)
                }.get()
                try await channel.setOption(.autoRead, value: true).get()
            }
        }
    }
}

extension DatagramSocket {
    /// How much waits in user space when the kernel's buffer is full.
    private static let backlogLimit = 4 << 20

    /// The sending side of a bound channel, on its loop.
    convenience init(over channel: any Channel, isIPv6: Bool) throws {
        let descriptor = try channel.pipeline.syncOperations
            .withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { $0 }
        guard let descriptor else { throw ChannelError.operationUnsupported }
        self.init(
            channel: channel,
            system: KernelDatagrams(descriptor: descriptor),
            isIPv6: isIPv6,
            segmentsInKernel: System.supportsUDPSegmentationOffload,
            backlogLimit: Self.backlogLimit
        )
    }
}

/// Hands datagrams to the pair that their sender is registered with.
final class DatagramReader: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    struct Seat: Sendable {
        let eventLoop: any EventLoop
        let pair: NIOLoopBound<DatagramSocketPair>
    }

    private let seats: [Seat]
    private let own: Int
    private let owners: DatagramOwners

    init(seats: [Seat], own: Int, owners: DatagramOwners) {
        self.seats = seats
        self.own = own
        self.owners = owners
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = Self.unwrapInboundIn(data)
        let isControl: Bool
        switch DatagramKind(envelope.data) {
        case .rtcp: isControl = true
        case .rtp: isControl = false
        case .other: return
        }
        guard let endpoint = Endpoint(envelope.remoteAddress), let index = owners.seat(of: endpoint) else { return }
        let seat = seats[index]
        if index == own {
            seat.pair.value.deliver(envelope.data, from: endpoint, isControl: isControl)
        } else {
            let datagram = envelope.data
            seat.eventLoop.execute {
                seat.pair.value.deliver(datagram, from: endpoint, isControl: isControl)
            }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // An ICMP message about some viewer: the socket serves all the others.
    }
}

extension DatagramBootstrap {
    func sharesPort() -> DatagramBootstrap {
        let reusePort = ChannelOptions.Types.SocketOption(
            level: SocketOptionLevel(SOL_SOCKET),
            name: SocketOptionName(SO_REUSEPORT)
        )
        return channelOption(reusePort, value: 1)
    }

    /// An IPv6 socket takes IPv4 peers too.
    func dualStack(for address: SocketAddress) -> DatagramBootstrap {
        guard address.protocol == .inet6 else { return self }
        let onlyV6 = ChannelOptions.Types.SocketOption(
            level: SocketOptionLevel(Int(IPPROTO_IPV6)),
            name: SocketOptionName(IPV6_V6ONLY)
        )
        return channelOption(onlyV6, value: 0)
    }
}
