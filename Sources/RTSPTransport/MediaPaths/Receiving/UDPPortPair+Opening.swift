import NIOCore
import NIOPosix
import RTSP

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension UDPPortPair {
    /// Pairs looked at before giving up; the kernel gives another one each time.
    private static let attempts = 64

    /// Opens a free pair on a local address, on `eventLoop`, which must be the current one.
    package static func open(
        on local: SocketAddress,
        eventLoop: any EventLoop
    ) -> EventLoopFuture<NIOLoopBound<UDPPortPair>> {
        open(on: local, eventLoop: eventLoop, attempts: attempts)
    }

    private static func open(
        on local: SocketAddress,
        eventLoop: any EventLoop,
        attempts: Int
    ) -> EventLoopFuture<NIOLoopBound<UDPPortPair>> {
        let sockets = bind(local.with(port: 0), eventLoop).flatMap { first in
            let port = first.localAddress?.port.flatMap(UInt16.init(exactly:)) ?? 0
            return bind(local.with(port: port ^ 1), eventLoop).map { second in
                port.isMultiple(of: 2) ? (first, second) : (second, first)
            }.flatMapError { error in
                first.close().flatMapThrowing { throw error }
            }
        }
        return sockets.flatMapThrowing { media, control in
            let port = media.localAddress?.port.flatMap(UInt16.init(exactly:)) ?? 0
            return try pair(media, control, PortPair(rtp: port, rtcp: port | 1))
        }.flatMapError { error in
            guard attempts > 1 else { return eventLoop.makeFailedFuture(error) }
            return open(on: local, eventLoop: eventLoop, attempts: attempts - 1)
        }
    }

    private static func pair(
        _ media: any Channel, _ control: (any Channel)?, _ ports: PortPair
    ) throws -> NIOLoopBound<UDPPortPair> {
        let pair = UDPPortPair(media: media, control: control, ports: ports)
        try media.pipeline.syncOperations.addHandler(PortReader(pair: pair, isControl: false))
        try control?.pipeline.syncOperations.addHandler(PortReader(pair: pair, isControl: true))
        return NIOLoopBound(pair, eventLoop: media.eventLoop)
    }

    /// Room for the burst of a key frame while the loop is busy; the kernel grants up to `net.core.rmem_max`.
    private static let receiveBuffer: SocketOptionValue = 2 << 20

    private static func bind(_ address: SocketAddress, _ eventLoop: any EventLoop) -> EventLoopFuture<any Channel> {
        bootstrap(eventLoop).bind(to: address)
    }

    private static func bootstrap(_ eventLoop: any EventLoop) -> DatagramBootstrap {
        DatagramBootstrap(group: eventLoop)
            .channelOption(.socketOption(.so_rcvbuf), value: receiveBuffer)
            .channelOption(.datagramVectorReadMessageCount, value: PortReader.messagesPerRead)
            .channelOption(.recvAllocator, value: PortReader.allocator(for: PortReader.datagramSizes[0]))
    }
}

// MARK: Listening

extension UDPPortPair {
    /// Opens the ports of a listening point, on `eventLoop`, which must be the current one; joins its group if it has one.
    /// Fails with `ListeningError`.
    package static func open(
        at point: ListeningPoint,
        eventLoop: any EventLoop
    ) -> EventLoopFuture<NIOLoopBound<UDPPortPair>> {
        let membership: MulticastMembership?
        do {
            membership = try point.address.flatMap { $0.isMulticast ? $0 : nil }.map {
                try MulticastMembership($0, interface: point.interface, sources: point.sources)
            }
        } catch {
            return eventLoop.makeFailedFuture(error)
        }
        return listen(point.port, point, membership, eventLoop).flatMap { media in
            guard let port = point.controlPort else {
                return eventLoop.makeCompletedFuture { try pair(media, nil, point.ports) }
            }
            return listen(port, point, membership, eventLoop)
                .flatMapThrowing { try pair(media, $0, point.ports) }
                .flatMapError { error in media.close().flatMapThrowing { throw error } }
        }
    }

    private static func listen(
        _ port: UInt16, _ point: ListeningPoint, _ membership: MulticastMembership?, _ eventLoop: any EventLoop
    ) -> EventLoopFuture<any Channel> {
        guard let membership else {
            return bind(candidates(for: point)[...], port, eventLoop)
        }
        return bootstrap(eventLoop).sharesGroup(membership.group).bind(to: membership.group.with(port: port))
            .flatMapErrorThrowing { throw ListeningError($0, port: port, address: membership.group) }
            .flatMap { channel in
                membership.join(channel).map { channel }.flatMapError { error in
                    channel.close().flatMapThrowing {
                        throw ListeningError.cannotJoin(point.description, reason: ListeningError.reason(error))
                    }
                }
            }
    }

    /// A description names the address it is sent to, which behind address translation is none of this machine's.
    private static func candidates(for point: ListeningPoint) -> [SocketAddress] {
        let all = ["::", "0.0.0.0"].compactMap { try? SocketAddress(ipAddress: $0, port: 0) }
        return [point.address].compactMap { $0 } + all
    }

    private static func bind(
        _ candidates: ArraySlice<SocketAddress>, _ port: UInt16, _ eventLoop: any EventLoop
    ) -> EventLoopFuture<any Channel> {
        guard let first = candidates.first else {
            return eventLoop.makeFailedFuture(ListeningError.portInUse(port))
        }
        return bootstrap(eventLoop).dualStack(for: first).bind(to: first.with(port: port)).flatMapError { error in
            let code = (error as? IOError)?.errnoCode
            guard code == EADDRNOTAVAIL || code == EAFNOSUPPORT, candidates.count > 1 else {
                return eventLoop.makeFailedFuture(ListeningError(error, port: port, address: first))
            }
            return bind(candidates.dropFirst(), port, eventLoop)
        }
    }
}

extension ListeningError {
    fileprivate init(_ error: any Error, port: UInt16, address: SocketAddress) {
        if (error as? IOError)?.errnoCode == EADDRINUSE {
            self = .portInUse(port)
        } else {
            self = .cannotBind(
                "\(address.ipAddress ?? "") port \(port)", reason: Self.reason(error))
        }
    }

    static func reason(_ error: any Error) -> String {
        guard let code = (error as? IOError)?.errnoCode else { return "\(error)" }
        return String(cString: strerror(code)).lowercased()
    }
}
