import NIOCore
import NIOPosix
import RTSP

/// The two sockets on which a client receives one track: RTP on an even port, RTCP on the next (RFC 3550 §11).
///
/// Confined to its event loop. It takes packets from the hosts it was told only, and of those from the first address and
/// port that sends.
package final class UDPPortPair {
    /// What was not passed on.
    package struct Counters: Sendable, Hashable {
        /// Datagrams of other hosts or ports.
        package var foreign: UInt64 = 0
        /// Datagrams longer than what they were read into; the next are read into more (quirk H12).
        package var truncated: UInt64 = 0
    }

    /// What SETUP names as `client_port`.
    package let ports: PortPair
    /// What was not passed on so far.
    package private(set) var counters = Counters()
    private let media: any Channel
    private let control: any Channel
    private var reception: Reception?
    private var isClosed = false

    private struct Reception {
        var receive: (ByteBuffer, _ isControl: Bool, _ arrival: NIODeadline) -> Void
        var readEnded: (NIODeadline) -> Void
        var hosts: [SocketAddress]
        var mediaSource: SocketAddress?
        var controlSource: SocketAddress?
    }

    private init(media: any Channel, control: any Channel, ports: PortPair) {
        self.media = media
        self.control = control
        self.ports = ports
    }

    /// Begins to take packets from one of `hosts`, the first of which is sent to until another one sends; `server` is
    /// `nil` where it told no ports of use (quirk E6).
    package func receive(
        from hosts: [SocketAddress],
        server: PortPair?,
        readEnded: @escaping (NIODeadline) -> Void,
        receive: @escaping (_ datagram: ByteBuffer, _ isControl: Bool, _ arrival: NIODeadline) -> Void
    ) {
        var reception = Reception(receive: receive, readEnded: readEnded, hosts: hosts)
        if let server, let host = hosts.first {
            reception.mediaSource = host.with(port: server.rtp)
            reception.controlSource = host.with(port: server.rtcp)
        }
        self.reception = reception
        latched = (false, false)
    }

    /// Whether the ports that really send are known, which may not be the ones told.
    private var latched = (media: false, control: false)

    /// Sends an empty packet from each socket, so that address translation lets the answers in (quirk E14).
    package func punch() {
        let rtp: [UInt8] = [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        let emptyReport: [UInt8] = [0x80, 201, 0, 1, 0, 0, 0, 0]
        if let to = reception?.mediaSource { write(ByteBuffer(bytes: rtp), on: media, to: to) }
        sendControl(ByteBuffer(bytes: emptyReport))
    }

    /// Sends RTCP to where the server's comes from, or was said to come from.
    package func sendControl(_ packet: ByteBuffer) {
        guard let to = reception?.controlSource else { return }
        write(packet, on: control, to: to)
    }

    private func write(_ bytes: ByteBuffer, on channel: any Channel, to address: SocketAddress) {
        guard !isClosed else { return }
        channel.writeAndFlush(AddressedEnvelope(remoteAddress: address, data: bytes), promise: nil)
    }

    /// Idempotent; nothing is received afterwards.
    package func close() {
        isClosed = true
        reception = nil
        media.close(promise: nil)
        control.close(promise: nil)
    }

    fileprivate func received(_ envelope: AddressedEnvelope<ByteBuffer>, isControl: Bool, at arrival: NIODeadline) {
        guard var reception else { return }
        let source = envelope.remoteAddress
        let isLatched = isControl ? latched.control : latched.media
        let expected = isControl ? reception.controlSource : reception.mediaSource
        guard expects(source), !isLatched || expected == source else {
            counters.foreign &+= 1
            return
        }
        if !isLatched {
            if isControl {
                latched.control = true
                reception.controlSource = source
            } else {
                latched.media = true
                reception.mediaSource = source
                // Where RTP comes from the port next to it takes our reports, if none was told for that host.
                let isTold = reception.controlSource.map(source.hasSameHost) ?? false
                if !isTold, !latched.control, let port = source.port.flatMap(UInt16.init(exactly:)), port < .max {
                    reception.controlSource = source.with(port: port + 1)
                }
            }
            self.reception = reception
        }
        reception.receive(envelope.data, isControl, arrival)
    }

    fileprivate func expects(_ source: SocketAddress) -> Bool {
        reception?.hosts.contains(where: source.hasSameHost) ?? false
    }

    fileprivate func truncated() {
        counters.truncated &+= 1
    }

    fileprivate func readEnded(at now: NIODeadline) {
        reception?.readEnded(now)
    }
}

extension UDPPortPair {
    /// Pairs looked at before giving up; the kernel gives another one each time.
    private static let attempts = 64

    /// Opens a free pair on a local address, on `eventLoop`, which must be the current one.
    package static func open(
        on local: SocketAddress,
        eventLoop: any EventLoop
    ) -> EventLoopFuture<NIOLoopBound<UDPPortPair>> {
        open(on: local, eventLoop: eventLoop, attempts: attempts)
    }

    private static func open(
        on local: SocketAddress,
        eventLoop: any EventLoop,
        attempts: Int
    ) -> EventLoopFuture<NIOLoopBound<UDPPortPair>> {
        let sockets = bind(local.with(port: 0), eventLoop).flatMap { first in
            let port = first.localAddress?.port.flatMap(UInt16.init(exactly:)) ?? 0
            return bind(local.with(port: port ^ 1), eventLoop).map { second in
                port.isMultiple(of: 2) ? (first, second) : (second, first)
            }.flatMapError { error in
                first.close().flatMapThrowing { throw error }
            }
        }
        return sockets.flatMapThrowing { media, control in
            let port = media.localAddress?.port.flatMap(UInt16.init(exactly:)) ?? 0
            let pair = UDPPortPair(media: media, control: control, ports: PortPair(rtp: port, rtcp: port | 1))
            try media.pipeline.syncOperations.addHandler(PortReader(pair: pair, isControl: false))
            try control.pipeline.syncOperations.addHandler(PortReader(pair: pair, isControl: true))
            return NIOLoopBound(pair, eventLoop: eventLoop)
        }.flatMapError { error in
            guard attempts > 1 else { return eventLoop.makeFailedFuture(error) }
            return open(on: local, eventLoop: eventLoop, attempts: attempts - 1)
        }
    }

    /// Room for the burst of a key frame while the loop is busy; the kernel grants up to `net.core.rmem_max`.
    private static let receiveBuffer: SocketOptionValue = 2 << 20

    private static func bind(_ address: SocketAddress, _ eventLoop: any EventLoop) -> EventLoopFuture<any Channel> {
        DatagramBootstrap(group: eventLoop)
            .channelOption(.socketOption(.so_rcvbuf), value: receiveBuffer)
            .channelOption(.datagramVectorReadMessageCount, value: PortReader.messagesPerRead)
            .channelOption(.recvAllocator, value: PortReader.allocator(for: PortReader.datagramSizes[0]))
            .bind(to: address)
    }
}

/// Reads one of the sockets, many datagrams a system call.
private final class PortReader: ChannelInboundHandler {
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

extension SocketAddress {
    fileprivate func with(port: UInt16) -> SocketAddress {
        var address = self
        address.port = Int(port)
        return address
    }

    fileprivate func hasSameHost(as other: SocketAddress) -> Bool {
        guard let own = Endpoint(self), let theirs = Endpoint(other) else { return false }
        return own.high == theirs.high && own.low == theirs.low
    }
}
