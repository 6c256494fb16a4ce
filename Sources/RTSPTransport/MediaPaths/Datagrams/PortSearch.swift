import NIOCore
import NIOPosix
import RTSP

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Finds two neighbouring UDP ports that nobody uses.
///
/// `SO_REUSEPORT` would let a second server of the same user bind our ports and take half of the datagrams, without an
/// error anywhere; so the ports are first bound without it.
struct PortSearch: Sendable {
    private let group: any EventLoopGroup
    private let candidates: [SocketAddress]
    private let ports: PortPair

    /// Pairs looked at before the search gives up; the kernel gives another one each time.
    private static let attempts = 64

    init(group: any EventLoopGroup, host: String?, ports: PortPair) throws(DatagramPortsError) {
        guard ports.rtp == 0 || (ports.rtp.isMultiple(of: 2) && ports.rtcp == ports.rtp &+ 1) else {
            throw .notAPair(ports)
        }
        self.group = group
        self.ports = ports
        do {
            candidates = try (host.map { [$0] } ?? ["::", "0.0.0.0"]).map {
                // A name is looked up as the listener does it, once, before anything is served.
                try SocketAddress.makeAddressResolvingHost($0, port: 0)
            }
        } catch {
            throw .badHost(host ?? "::")
        }
    }

    /// Any free pair at a local address.
    init(group: any EventLoopGroup, local: SocketAddress) {
        self.group = group
        candidates = [local]
        ports = PortPair(rtp: 0, rtcp: 0)
    }

    /// Calls `bind` with ports that were free a moment ago, again with others if it finds them taken.
    func withFreePorts<Result>(
        _ bind: (_ local: SocketAddress, _ ports: PortPair) async throws -> Result
    ) async throws -> Result {
        for (index, local) in candidates.enumerated() {
            do {
                return try await search(local, bind)
            } catch let error as IOError
                where index + 1 < candidates.count
                && (error.errnoCode == EAFNOSUPPORT || error.errnoCode == EADDRNOTAVAIL)
            {
                // No IPv6 on this machine.
                continue
            } catch let error as IOError where error.errnoCode == EADDRNOTAVAIL {
                throw DatagramPortsError.badHost(local.ipAddress ?? "\(local)")
            } catch let error as IOError {
                throw DatagramPortsError.cannotBind(ports, reason: String(cString: strerror(error.errnoCode)))
            }
        }
        throw DatagramPortsError.noFreePair
    }

    private func search<Result>(
        _ local: SocketAddress,
        _ bind: (_ local: SocketAddress, _ ports: PortPair) async throws -> Result
    ) async throws -> Result {
        for _ in 0..<(ports.rtp == 0 ? Self.attempts : 1) {
            do {
                let ports = try await probe(local)
                return try await bind(local, ports)
            } catch let error as IOError where error.errnoCode == EADDRINUSE || error.errnoCode == EACCES {
                if ports.rtp != 0 { throw DatagramPortsError.cannotBind(ports, reason: "\(error)") }
            }
        }
        throw DatagramPortsError.noFreePair
    }

    private func probe(_ local: SocketAddress) async throws -> PortPair {
        let first = try await channel(local, port: ports.rtp)
        guard let port = first.localAddress?.port.flatMap(UInt16.init(exactly:)) else {
            try await first.close()
            throw DatagramPortsError.noFreePair
        }
        do {
            let partner = port ^ 1
            let second = try await channel(local, port: partner)
            try await first.close()
            try await second.close()
            return PortPair(rtp: min(port, partner), rtcp: max(port, partner))
        } catch {
            try? await first.close()
            throw error
        }
    }

    private func channel(_ local: SocketAddress, port: UInt16) async throws -> any Channel {
        var address = local
        address.port = Int(port)
        return try await DatagramBootstrap(group: group).dualStack(for: address).bind(to: address).get()
    }
}
