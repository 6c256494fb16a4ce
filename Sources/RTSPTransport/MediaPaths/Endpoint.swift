import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// An IP address and port as a key: an IPv4 address and the same one mapped into IPv6 are equal.
struct Endpoint: Hashable, Sendable {
    /// The 16 bytes of the IPv6 address in network order, IPv4 as `::ffff:a.b.c.d`.
    let high: UInt64
    let low: UInt64
    let port: UInt16

    /// `nil` for an address that is not of the internet.
    init?(_ address: SocketAddress) {
        switch address {
        case .v4(let address):
            high = 0
            low = Self.mappedPrefix | UInt64(UInt32(bigEndian: address.address.sin_addr.s_addr))
            port = UInt16(bigEndian: address.address.sin_port)
        case .v6(let address):
            var bytes = address.address.sin6_addr
            (high, low) = withUnsafeBytes(of: &bytes) { bytes in
                (
                    UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                    UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
                )
            }
            port = UInt16(bigEndian: address.address.sin6_port)
        case .unixDomainSocket:
            return nil
        }
    }

    private static let mappedPrefix: UInt64 = 0x0000_FFFF_0000_0000

    var isIPv4: Bool { high == 0 && low & 0xFFFF_FFFF_0000_0000 == Self.mappedPrefix }

    /// The IPv6 form, as a dual-stack socket takes it.
    var socketAddress: sockaddr_in6 {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        withUnsafeMutableBytes(of: &address.sin6_addr) { bytes in
            bytes.storeBytes(of: high.bigEndian, toByteOffset: 0, as: UInt64.self)
            bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        return address
    }

    /// The host without the port, as far as one customer is told from another.
    var network: Network { Network(high: high, low: isIPv4 ? low : 0) }
}

/// One IPv4 address, or one IPv6 /64 network: what a single customer is commonly given.
package struct Network: Hashable, Sendable {
    fileprivate let high: UInt64
    fileprivate let low: UInt64

    fileprivate init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Peers without an internet address share one key.
    package init(_ address: SocketAddress?) {
        self = address.flatMap(Endpoint.init)?.network ?? Network(high: 0, low: 0)
    }
}

extension SocketAddress {
    /// The IPv4 address that a dual-stack socket shows as `::ffff:a.b.c.d`; any other address as it is.
    package var unmapped: SocketAddress {
        guard case .v6 = self, let endpoint = Endpoint(self), endpoint.isIPv4 else { return self }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = endpoint.port.bigEndian
        address.sin_addr.s_addr = UInt32(truncatingIfNeeded: endpoint.low).bigEndian
        return SocketAddress(address)
    }
}
