import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// An interface as the socket options for multicast name it.
struct MulticastInterface: Sendable {
    /// The system's number for it, never 0.
    let index: UInt32
    /// The IPv4 address that packets sent on it come from; `nil` has the system choose at each sending, so that they go on when the
    /// interface's address changes. The loopback interface has to be told, and one that was named by its address is taken at its word.
    let address: in_addr?

    /// `name` is a name, or an address that one has. Throws `ListeningError.noInterface`.
    init(named name: String) throws {
        let asked = try? SocketAddress(ipAddress: name, port: 0)
        let devices = try System.enumerateDevices()
        let device = devices.first { device in
            device.name == name || asked != nil && device.address?.ipAddress == asked?.ipAddress
        }
        guard let device else { throw ListeningError.noInterface(name) }
        index = UInt32(clamping: device.interfaceIndex)
        let addresses = devices.filter { $0.name == device.name }.compactMap(\.address)
        let chosen = addresses.first { $0.ipAddress == asked?.ipAddress && $0.protocol == .inet }
        let own = addresses.first { $0.protocol == .inet && $0.ipAddress?.hasPrefix("127.") == true }
        address = (chosen ?? own).flatMap { address in
            guard case .v4(let address) = address else { return nil }
            return address.address.sin_addr
        }
    }
}
