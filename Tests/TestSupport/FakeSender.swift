import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A UDP socket on loopback that nobody asked for anything.
package struct FakeSender: Sendable {
    private let channel: any Channel

    /// On a port of 127.0.0.1, or of another address of this machine; an ephemeral one unless it is told.
    package static func start(host: String = "127.0.0.1", port: UInt16 = 0) async throws -> FakeSender {
        let bootstrap = DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton.next())
        return FakeSender(channel: try await bootstrap.bind(host: host, port: Int(port)).get())
    }

    /// Its own port.
    package var port: UInt16 { UInt16(channel.localAddress?.port ?? 0) }

    /// Returns when the datagram is in the kernel.
    package func send(_ bytes: [UInt8], to port: Int) async throws {
        try await send(bytes, to: try SocketAddress(ipAddress: "127.0.0.1", port: port))
    }

    /// To a multicast group, over the loopback interface alone, or where the routes of the system lead.
    package func send(_ bytes: [UInt8], toGroup group: String, port: Int, onLoopback: Bool = true) async throws {
        let options = channel as? any SocketOptionProvider
        if onLoopback { try await options?.setIPMulticastIF(in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)).get() }
        try await send(bytes, to: try SocketAddress(ipAddress: group, port: port))
    }

    private func send(_ bytes: [UInt8], to address: SocketAddress) async throws {
        let envelope = AddressedEnvelope(remoteAddress: address, data: ByteBuffer(bytes: bytes))
        try await channel.writeAndFlush(envelope)
    }

    /// Closes the socket.
    package func stop() async throws {
        try await channel.close()
    }
}

/// UDP ports of 127.0.0.1 that were free a moment ago.
package enum FreePorts {
    /// An even one and the next above.
    package static func pair() async throws -> UInt16 {
        let bootstrap = DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        for _ in 0..<64 {
            let first = try await bootstrap.bind(host: "127.0.0.1", port: 0).get()
            let port = first.localAddress?.port ?? 0
            let second = try? await bootstrap.bind(host: "127.0.0.1", port: port ^ 1).get()
            try await first.close()
            try await second?.close()
            if second != nil { return UInt16(port & ~1) }
        }
        throw OutsideTool.Failure(description: "no free pair of ports")
    }
}
