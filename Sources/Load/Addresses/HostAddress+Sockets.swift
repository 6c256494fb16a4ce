#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension HostAddress {
    /// The address family for `socket(2)`.
    var family: Int32 {
        switch self {
        case .v4: AF_INET
        case .v6: AF_INET6
        }
    }

    /// `nil` for a family that is neither.
    init?(_ name: UnsafePointer<sockaddr>) {
        switch Int32(name.pointee.sa_family) {
        case AF_INET:
            self = name.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                .v4(UInt32(bigEndian: $0.pointee.sin_addr.s_addr))
            }
        case AF_INET6:
            self = name.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { name in
                withUnsafeBytes(of: name.pointee.sin6_addr) { bytes in
                    .v6(
                        high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                        low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
                        scope: name.pointee.sin6_scope_id
                    )
                }
            }
        default:
            return nil
        }
    }

    /// The name for `connect(2)` and `bind(2)`.
    func withName<Result>(port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        switch self {
        case .v4(let address):
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = port.bigEndian
            name.sin_addr.s_addr = address.bigEndian
            return Self.rebound(&name, body)
        case .v6(let high, let low, let scope):
            var name = sockaddr_in6()
            name.sin6_family = sa_family_t(AF_INET6)
            name.sin6_port = port.bigEndian
            name.sin6_scope_id = scope
            withUnsafeMutableBytes(of: &name.sin6_addr) { bytes in
                bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
                bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            return Self.rebound(&name, body)
        }
    }

    private static func rebound<Name, Result>(
        _ name: inout Name,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        withUnsafePointer(to: &name) { name in
            name.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<Name>.size)) }
        }
    }

    /// The local end of a socket; `nil` where it has none.
    static func local(of descriptor: Int32) -> (address: HostAddress, port: UInt16)? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { name -> (address: HostAddress, port: UInt16)? in
                guard getsockname(descriptor, name, &length) == 0, let address = HostAddress(name) else { return nil }
                // The port stands at the same place in both families.
                let port = UnsafeRawPointer(name).loadUnaligned(fromByteOffset: 2, as: UInt16.self)
                return (address, UInt16(bigEndian: port))
            }
        }
    }

    /// All addresses of a name or a written address; blocks while a name is looked up.
    static func resolving(_ host: String) -> Result<[HostAddress], AddressLookupError> {
        var hints = addrinfo()
        hints.ai_socktype = numericCast(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &found)
        guard code == 0 else { return .failure(AddressLookupError(reason: String(cString: gai_strerror(code)))) }
        defer { freeaddrinfo(found) }
        var addresses: [HostAddress] = []
        var entry = found
        while let current = entry {
            if let address = current.pointee.ai_addr.flatMap({ HostAddress($0) }), !addresses.contains(address) {
                addresses.append(address)
            }
            entry = current.pointee.ai_next
        }
        return .success(addresses)
    }
}

/// A name has no address.
struct AddressLookupError: Error {
    /// In the words of the system.
    var reason: String
}
