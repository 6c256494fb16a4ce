import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Where datagrams go, as one kind of socket names it: made once for a viewer and handed to the kernel at every send.
package struct DatagramDestination: Sendable {
    /// Of an IPv4 socket, only the first 16 bytes: a `sockaddr_in`.
    let name: sockaddr_in6
    /// Bytes of `name` that count.
    let length: socklen_t

    /// `nil` for an address that such a socket cannot reach. A dual-stack socket is given IPv4 addresses in their IPv6 form.
    init?(_ address: SocketAddress, isIPv6: Bool) {
        guard let endpoint = Endpoint(address) else { return nil }
        guard !isIPv6 else {
            var name = endpoint.socketAddress
            // A link-local address means nothing without its interface.
            if case .v6(let given) = address { name.sin6_scope_id = given.address.sin6_scope_id }
            self.init(name: name, length: socklen_t(MemoryLayout<sockaddr_in6>.size))
            return
        }
        guard case .v4(let given) = address.unmapped else { return nil }
        var name = sockaddr_in6()
        withUnsafeMutableBytes(of: &name) { $0.storeBytes(of: given.address, as: sockaddr_in.self) }
        self.init(name: name, length: socklen_t(MemoryLayout<sockaddr_in>.size))
    }

    private init(name: sockaddr_in6, length: socklen_t) {
        self.name = name
        self.length = length
    }
}
