import NIOCore

/// Reads one of the sockets, many datagrams a system call.
final class PortReader: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    static let messagesPerRead = 16
    /// Room for one datagram: enough for any that is not fragmented, then for the 10 000 bytes that some cameras send
    /// (quirk H12), then for all there is.
    static let datagramSizes = [2048, 16_384, 65_536]

    static func allocator(for datagramSize: Int) -> FixedSizeRecvByteBufferAllocator {
        FixedSizeRecvByteBufferAllocator(capacity: datagramSize * messagesPerRead)
    }

    private let pair: UDPPortPair
    private let isControl: Bool
    private var sizeIndex = 0
    private var arrival: NIODeadline?

    init(pair: UDPPortPair, isControl: Bool) {
        self.pair = pair
        self.isControl = isControl
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = Self.unwrapInboundIn(data)
        let arrival = arrival ?? .now()
        self.arrival = arrival
        // What fills its room to the last byte was longer. A stranger's is no reason to make more room.
        if envelope.data.readableBytes >= Self.datagramSizes[sizeIndex], sizeIndex + 1 < Self.datagramSizes.count,
            pair.expects(envelope.remoteAddress)
        {
            sizeIndex += 1
            let allocator = Self.allocator(for: Self.datagramSizes[sizeIndex])
            _ = try? context.channel.syncOptions?.setOption(.recvAllocator, value: allocator)
            return pair.truncated()
        }
        pair.received(envelope, isControl: isControl, at: arrival)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        arrival = nil
        pair.readEnded(at: .now())
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // An ICMP message: the camera's port is closed for now.
    }
}
