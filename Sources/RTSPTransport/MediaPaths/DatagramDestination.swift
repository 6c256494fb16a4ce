import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A remote address as one socket's `sendmsg(2)` takes it, made once instead of for every send.
package struct DatagramDestination: Sendable {
    /// A `sockaddr_in6`, or a `sockaddr_in` in its first bytes.
    private var name: sockaddr_in6
    private let length: Int

    /// A dual-stack socket is given IPv4 addresses in their IPv6 form. `nil` for an address that is not of the internet.
    init?(_ address: SocketAddress, isIPv6Socket: Bool) {
        switch address {
        case .v4(let address) where !isIPv6Socket:
            var socketAddress = address.address
            name = sockaddr_in6()
            length = MemoryLayout<sockaddr_in>.size
            withUnsafeMutableBytes(of: &name) { name in
                withUnsafeBytes(of: &socketAddress) { name.copyMemory(from: $0) }
            }
        case .v6(let address):
            name = address.address
            length = MemoryLayout<sockaddr_in6>.size
        case .v4, .unixDomainSocket:
            guard let endpoint = Endpoint(address) else { return nil }
            name = endpoint.socketAddress
            length = MemoryLayout<sockaddr_in6>.size
        }
    }

    /// The bytes of the `sockaddr`.
    func withUnsafeName<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withUnsafeBytes(of: name) { body(UnsafeRawBufferPointer(rebasing: $0.prefix(length))) }
    }
}
