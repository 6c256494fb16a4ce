import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension ServerBootstrap {
    /// Peers that vanish without a word are noticed: within 60 s when data is under way, else by keep-alive probes.
    ///
    /// Linux hands these options of the listening socket on to each accepted one, which saves four calls apiece.
    package func deadPeersNoticed() -> ServerBootstrap {
        let tcp = ChannelOptions.Types.SocketOption.self
        let level = SocketOptionLevel(Int(IPPROTO_TCP))
        return serverChannelOption(.socketOption(.so_keepalive), value: 1)
            .serverChannelOption(tcp.init(level: level, name: SocketOptionName(TCP_KEEPIDLE)), value: 30)
            .serverChannelOption(tcp.init(level: level, name: SocketOptionName(TCP_KEEPINTVL)), value: 10)
            .serverChannelOption(tcp.init(level: level, name: SocketOptionName(TCP_KEEPCNT)), value: 3)
            .serverChannelOption(tcp.init(level: level, name: SocketOptionName(TCP_USER_TIMEOUT)), value: 60_000)
    }

    /// Binds one address, or every one where `host` is nil; throws `RTSPListenerError`.
    package func listen(on host: String?, _ port: Int) async throws(RTSPListenerError) -> any Channel {
        guard (0...65_535).contains(port) else { throw .portOutOfRange(port) }
        do {
            if let host { return try await bind(host: host, port: port).get() }
            return try await bindDualStack(port: port)
        } catch {
            throw .cannotBind(host: host ?? "every address", port: port, reason: "\(error)")
        }
    }

    /// Binds every IPv6 and IPv4 address with one socket, or every IPv4 address where the machine has no IPv6.
    func bindDualStack(port: Int) async throws -> any Channel {
        do {
            let onlyV6 = ChannelOptions.Types.SocketOption(
                level: SocketOptionLevel(Int(IPPROTO_IPV6)),
                name: SocketOptionName(IPV6_V6ONLY)
            )
            return try await serverChannelOption(onlyV6, value: 0).bind(host: "::", port: port).get()
        } catch let error as IOError where error.errnoCode == EAFNOSUPPORT || error.errnoCode == EADDRNOTAVAIL {
            return try await bind(host: "0.0.0.0", port: port).get()
        }
    }
}
