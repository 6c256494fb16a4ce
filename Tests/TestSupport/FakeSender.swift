import NIOCore
import NIOPosix

/// A UDP socket on loopback that nobody asked for anything.
package struct FakeSender: Sendable {
    private let channel: any Channel

    /// On an ephemeral port of 127.0.0.1.
    package static func start() async throws -> FakeSender {
        let bootstrap = DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton.next())
        return FakeSender(channel: try await bootstrap.bind(host: "127.0.0.1", port: 0).get())
    }

    /// Returns when the datagram is in the kernel.
    package func send(_ bytes: [UInt8], to port: Int) async throws {
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: port)
        let envelope = AddressedEnvelope(remoteAddress: address, data: ByteBuffer(bytes: bytes))
        try await channel.writeAndFlush(envelope)
    }

    /// Closes the socket.
    package func stop() async throws {
        try await channel.close()
    }
}
