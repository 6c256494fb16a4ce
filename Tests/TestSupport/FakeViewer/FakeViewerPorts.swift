import NIOCore
import NIOPosix

/// The UDP side of a viewer: an even port for RTP and the next one for RTCP, both on loopback.
package final class FakeViewerPorts: Sendable {
    /// Datagrams on the RTP port.
    package let media: Inbox<Datagram>
    /// Datagrams on the RTCP port.
    package let control: Inbox<Datagram>
    /// The even one.
    package let port: Int
    private let mediaChannel: any Channel
    private let controlChannel: any Channel

    /// One datagram and where it came from.
    package struct Datagram: Sendable {
        package let bytes: [UInt8]
        package let sender: SocketAddress
    }

    private init(media: (Inbox<Datagram>, any Channel), control: (Inbox<Datagram>, any Channel), port: Int) {
        (self.media, mediaChannel) = media
        (self.control, controlChannel) = control
        self.port = port
    }

    /// Binds a pair the kernel has free.
    package static func open(host: String = "127.0.0.1") async throws -> FakeViewerPorts {
        let eventLoop = FakeViewer.group.next()
        var latest: any Error = WaitTimedOut(name: "free pair of ports", bound: .zero)
        for _ in 0..<64 {
            let media = Inbox<Datagram>("datagram on the RTP port", on: eventLoop)
            let mediaChannel = try await bind(media, host: host, port: 0, on: eventLoop)
            let port = mediaChannel.localAddress?.port ?? 0
            guard port % 2 == 0 else {
                try await mediaChannel.close().get()
                continue
            }
            let control = Inbox<Datagram>("datagram on the RTCP port", on: eventLoop)
            do {
                let controlChannel = try await bind(control, host: host, port: port + 1, on: eventLoop)
                return FakeViewerPorts(media: (media, mediaChannel), control: (control, controlChannel), port: port)
            } catch {
                latest = error
                try await mediaChannel.close().get()
            }
        }
        throw latest
    }

    /// `client_port` as a Transport header writes it.
    package var clientPort: String { "\(port)-\(port + 1)" }

    /// Sends a report from the RTCP port.
    package func sendControl(_ bytes: [UInt8], to address: SocketAddress) async throws {
        let envelope = AddressedEnvelope(remoteAddress: address, data: ByteBuffer(bytes: bytes))
        try await controlChannel.writeAndFlush(envelope).get()
    }

    /// Sends a packet from the RTP port, as a publisher does.
    package func sendMedia(_ bytes: [UInt8], to address: SocketAddress) async throws {
        let envelope = AddressedEnvelope(remoteAddress: address, data: ByteBuffer(bytes: bytes))
        try await mediaChannel.writeAndFlush(envelope).get()
    }

    package func close() async {
        try? await mediaChannel.close().get()
        try? await controlChannel.close().get()
    }

    private static func bind(
        _ inbox: Inbox<Datagram>,
        host: String,
        port: Int,
        on eventLoop: any EventLoop
    ) async throws -> any Channel {
        try await DatagramBootstrap(group: eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(DatagramCollector(inbox: inbox))
                }
            }
            .bind(host: host, port: port).get()
    }
}

/// Puts every datagram into an inbox.
final class DatagramCollector: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    private let inbox: Inbox<FakeViewerPorts.Datagram>

    init(inbox: Inbox<FakeViewerPorts.Datagram>) {
        self.inbox = inbox
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        inbox.put(
            FakeViewerPorts.Datagram(bytes: Array(envelope.data.readableBytesView), sender: envelope.remoteAddress)
        )
    }
}
