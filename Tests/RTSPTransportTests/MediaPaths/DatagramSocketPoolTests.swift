import NIOCore
import NIOPosix
import RTSP
import Synchronization
import Testing

@testable import RTSPTransport

@Suite("Datagram socket pool")
struct DatagramSocketPoolTests {
    private static let report: [UInt8] = [0x80, 201, 0, 1, 0, 0, 0, 1]

    private func withPool(
        host: String? = nil,
        _ body: (DatagramSocketPool, MultiThreadedEventLoopGroup) async throws -> Void
    ) async throws {
        let group = MultiThreadedGroup.two()
        let pool = try await DatagramSocketPool.start(group: group, host: host, ports: PortPair(rtp: 0, rtcp: 0))
        let outcome: Result<Void, any Error>
        do {
            try await body(pool, group)
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        await pool.shutdown()
        try await group.shutdownGracefully()
        try outcome.get()
    }

    @Test("S24 the RTP port is even and the RTCP port one above, the same on every loop")
    func ports() async throws {
        try await withPool { pool, group in
            #expect(pool.ports.rtp.isMultiple(of: 2))
            #expect(pool.ports.rtcp == pool.ports.rtp + 1)
            for eventLoop in group.makeIterator() {
                let ports = try await eventLoop.submit { pool.pair(for: eventLoop)?.ports }.get()
                #expect(ports == pool.ports)
            }
        }
    }

    @Test("a run arrives as separate datagrams, from the port the viewer was told", arguments: [nil, "127.0.0.1"])
    func run(host: String?) async throws {
        try await withPool(host: host) { pool, group in
            let viewer = try await DatagramPeer.open(on: group)
            var run = ByteBuffer()
            for number in 0..<10 { run.writeBytes([UInt8](repeating: UInt8(number), count: number < 9 ? 1400 : 333)) }
            let bytes = run
            for eventLoop in group.makeIterator() {
                viewer.forget()
                try await eventLoop.submit {
                    let pair = try #require(pool.pair(for: eventLoop))
                    let destination = try #require(pair.destination(of: viewer.address))
                    pair.send(bytes, segmentSize: 1400, to: destination, control: false)
                    pair.send(ByteBuffer(bytes: Self.report), segmentSize: nil, to: destination, control: true)
                }.get()
                try await eventually("eleven datagrams") { viewer.datagrams.count == 11 }
                let rtp = viewer.datagrams.filter { $0.port == Int(pool.ports.rtp) }.map(\.bytes)
                #expect(rtp.map(\.readableBytes) == [Int](repeating: 1400, count: 9) + [333])
                let firstBytes = rtp.map { $0.getInteger(at: $0.readerIndex, as: UInt8.self) }
                #expect(firstBytes == Array(0..<10).map(UInt8.init))
                #expect(viewer.datagrams.filter { $0.port == Int(pool.ports.rtcp) }.count == 1)
            }
            await viewer.close()
        }
    }

    @Test("a report of a registered viewer reaches his own loop, whichever socket the kernel gave it to")
    func routing() async throws {
        try await withPool { pool, group in
            // The kernel spreads remotes over the sockets by their ports: many remotes find both.
            for eventLoop in group.makeIterator() {
                for _ in 0..<8 {
                    let viewer = try await DatagramPeer.open(on: group)
                    let arrivals = Arrivals()
                    let registered = try await eventLoop.submit {
                        let pair = pool.pair(for: eventLoop)
                        let registration = pair?.register(viewer.address) { _, isControl in
                            arrivals.note(isControl: isControl, isOwnLoop: eventLoop.inEventLoop)
                        }
                        return registration
                    }.get()
                    let registration = try #require(registered)
                    viewer.send(Self.report, to: pool.ports.rtcp)
                    viewer.send(Self.report, to: pool.ports.rtp)
                    viewer.send([0x80, 0] + [UInt8](repeating: 0, count: 10), to: pool.ports.rtp)
                    viewer.send([1, 2, 3], to: pool.ports.rtp)
                    try await eventually("three datagrams") { arrivals.all.count == 3 }
                    let strayed = arrivals.all.filter { !$0.isOwnLoop }.count
                    let reports = arrivals.all.filter { $0.isControl }.count
                    #expect(strayed == 0)
                    #expect(reports == 2)
                    try await eventLoop.submit { pool.pair(for: eventLoop)?.unregister(registration) }.get()
                    await viewer.close()
                }
            }
            #expect(pool.registrations == 0)
        }
    }

    @Test("a stranger's datagrams are nobody's, and an address has one owner over all loops")
    func strangers() async throws {
        try await withPool { pool, group in
            let known = try await DatagramPeer.open(on: group)
            let stranger = try await DatagramPeer.open(on: group)
            let arrivals = Arrivals()
            let loops = Array(group.makeIterator())
            let registered = try await loops[0].submit {
                pool.pair(for: loops[0])?.register(known.address) { _, isControl in
                    arrivals.note(isControl: isControl, isOwnLoop: true)
                }
            }.get()
            let registration = try #require(registered)
            let again = try await loops[1].submit {
                pool.pair(for: loops[1])?.register(known.address) { _, _ in } != nil
            }.get()
            #expect(!again)
            for _ in 0..<10 { stranger.send(Self.report, to: pool.ports.rtcp) }
            known.send(Self.report, to: pool.ports.rtcp)
            try await eventually("the known one's report") { arrivals.all.count == 1 }
            try await loops[0].submit { pool.pair(for: loops[0])?.unregister(registration) }.get()
            let free = try await loops[1].submit {
                let pair = pool.pair(for: loops[1])
                guard let registration = pair?.register(known.address, onDatagram: { _, _ in }) else { return false }
                pair?.unregister(registration)
                pair?.unregister(registration)
                return true
            }.get()
            #expect(free)
            #expect(arrivals.all.count == 1)
            #expect(pool.registrations == 0)
            await known.close()
            await stranger.close()
        }
    }

    @Test("an unroutable viewer does not take the socket from the others")
    func unroutable() async throws {
        try await withPool { pool, group in
            let viewer = try await DatagramPeer.open(on: group)
            let eventLoop = group.next()
            // Port 0 and the broadcast address are errors of sendmsg.
            let hopeless = [
                try SocketAddress(ipAddress: "127.0.0.1", port: 0),
                try SocketAddress(ipAddress: "255.255.255.255", port: 9),
            ]
            let counters = try await eventLoop.submit {
                let pair = try #require(pool.pair(for: eventLoop))
                for address in hopeless + [viewer.address] {
                    let destination = try #require(pair.destination(of: address))
                    pair.send(ByteBuffer(bytes: Self.report), segmentSize: nil, to: destination, control: false)
                }
                pair.flush()
                return pair.counters
            }.get()
            try await eventually("the viewer's datagram") { viewer.datagrams.count == 1 }
            #expect(counters.sent == 1)
            #expect(counters.failed == 2)
            await viewer.close()
        }
    }

    @Test("ports that another server uses are an error, though it shares them")
    func taken() async throws {
        try await withPool { pool, group in
            await #expect(throws: DatagramPortsError.self) {
                _ = try await DatagramSocketPool.start(group: group, ports: pool.ports)
            }
        }
    }

    @Test("ports that are no pair are refused", arguments: [(5001, 5002), (5000, 5002), (5000, 0)])
    func noPair(rtp: Int, rtcp: Int) async throws {
        let group = MultiThreadedGroup.one()
        let ports = PortPair(rtp: UInt16(rtp), rtcp: UInt16(rtcp))
        await #expect(throws: DatagramPortsError.notAPair(ports)) {
            _ = try await DatagramSocketPool.start(group: group, ports: ports)
        }
        try await group.shutdownGracefully()
    }
}

private final class Arrivals: Sendable {
    private let state = Mutex<[(isControl: Bool, isOwnLoop: Bool)]>([])

    var all: [(isControl: Bool, isOwnLoop: Bool)] { state.withLock { $0 } }

    func note(isControl: Bool, isOwnLoop: Bool) {
        state.withLock { $0.append((isControl, isOwnLoop)) }
    }
}

/// A viewer's UDP socket.
private final class DatagramPeer: Sendable {
    struct Datagram: Sendable {
        var port: Int?
        var bytes: ByteBuffer
    }

    let address: SocketAddress
    private let channel: any Channel
    private let inbox: Inbox

    final class Inbox: Sendable {
        let datagrams = Mutex<[Datagram]>([])
    }

    private init(address: SocketAddress, channel: any Channel, inbox: Inbox) {
        self.address = address
        self.channel = channel
        self.inbox = inbox
    }

    static func open(on group: any EventLoopGroup) async throws -> DatagramPeer {
        let inbox = Inbox()
        let channel = try await DatagramBootstrap(group: group)
            .channelOption(.socketOption(.so_rcvbuf), value: 1 << 20)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(inbox: inbox))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return DatagramPeer(address: try #require(channel.localAddress), channel: channel, inbox: inbox)
    }

    var datagrams: [Datagram] { inbox.datagrams.withLock { $0 } }

    func forget() {
        inbox.datagrams.withLock { $0 = [] }
    }

    func send(_ bytes: [UInt8], to port: UInt16) {
        guard let address = try? SocketAddress(ipAddress: "127.0.0.1", port: Int(port)) else { return }
        let envelope = AddressedEnvelope(remoteAddress: address, data: ByteBuffer(bytes: bytes))
        channel.writeAndFlush(envelope, promise: nil)
    }

    func close() async {
        try? await channel.close()
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = AddressedEnvelope<ByteBuffer>
        private let inbox: Inbox

        init(inbox: Inbox) {
            self.inbox = inbox
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let envelope = Self.unwrapInboundIn(data)
            inbox.datagrams.withLock {
                $0.append(Datagram(port: envelope.remoteAddress.port, bytes: envelope.data))
            }
        }
    }
}
