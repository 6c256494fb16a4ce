import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import RTSPTransport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Connections that a fan-out sends to, over pairs of sockets, and what each of their peers is to get.
final class FanoutRig: Sendable {
    /// One connection; the test holds the peer's end.
    final class Place {
        let writer: InterleavedWriter
        fileprivate(set) var seat: InterleavedFanout.Seat?
        /// Times that it lost its seat.
        fileprivate(set) var losses = 0
        /// All that was written to it.
        fileprivate(set) var expected = ByteBuffer()

        fileprivate init(_ writer: InterleavedWriter) {
            self.writer = writer
        }
    }

    /// Ends the writer with its channel, as a connection does.
    private final class Ending: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let writer: InterleavedWriter

        init(_ writer: InterleavedWriter) {
            self.writer = writer
        }

        func channelInactive(context: ChannelHandlerContext) {
            writer.close()
        }
    }

    /// Everything of the loop.
    final class Scene {
        let fanout = InterleavedFanout()
        var places: [Place] = []

        /// A seat for one that has none and can have one.
        func join(_ index: Int) {
            let place = places[index]
            guard place.seat == nil, place.writer.canTakeSeat else { return }
            place.seat = fanout.seat(for: place.writer) { [weak place] in
                place?.seat = nil
                place?.losses += 1
            }
        }

        func leave(_ index: Int) {
            places[index].seat?.leave()
            places[index].seat = nil
        }

        /// To all that have a seat.
        func send(_ framed: ByteBuffer) {
            for place in places where place.seat != nil { place.expected.writeImmutableBuffer(framed) }
            fanout.send(framed)
        }

        /// To one alone, by its writer.
        func send(_ framed: ByteBuffer, to index: Int) {
            places[index].expected.writeImmutableBuffer(framed)
            places[index].writer.send(framed)
        }

        func answer(_ bytes: ByteBuffer, to index: Int) {
            places[index].expected.writeImmutableBuffer(bytes)
            places[index].writer.answer(bytes)
        }
    }

    let loop: any EventLoop
    private let group: MultiThreadedEventLoopGroup
    private let scene: NIOLoopBoundBox<Scene>
    private let peers = PeerEnds()

    /// `sendBuffer` in bytes makes the kernel take no more than about that for a peer who does not read.
    init(connections: Int, sendBuffer: Int? = nil) async throws {
        group = MultiThreadedGroup.one()
        loop = group.next()
        scene = NIOLoopBoundBox.makeBoxSendingValue(Scene(), eventLoop: loop)
        for _ in 0..<connections { try await connect(sendBuffer: sendBuffer) }
    }

    /// One connection more; it has no seat.
    func connect(sendBuffer: Int? = nil) async throws {
        var ends: [CInt] = [-1, -1]
        try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0)
        if var size = sendBuffer.map(CInt.init) {
            let length = socklen_t(MemoryLayout<CInt>.size)
            try #require(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, length) == 0)
        }
        peers.add(ends[1])
        let channel = try await ClientBootstrap(group: loop).withConnectedSocket(ends[0]).get()
        try await loop.submit { [scene] in
            let writer = InterleavedWriter(channel: channel)
            writer.open()
            try channel.pipeline.syncOperations.addHandler(Ending(writer))
            scene.value.places.append(Place(writer))
        }.get()
    }

    /// Runs on the loop.
    func run<Result: Sendable>(_ body: @escaping @Sendable (Scene) throws -> Result) async throws -> Result {
        try await loop.submit { [scene] in try body(scene.value) }.get()
    }

    /// Reads no more than `most` bytes of what lies ready for a peer; returns how many.
    @discardableResult
    func read(_ index: Int, most: Int = .max) -> Int { peers.read(index, most: most) }

    /// What a peer has read.
    func received(_ index: Int) -> ByteBuffer { peers.received(index) }

    func hangUp(_ index: Int) { peers.hangUp(index) }

    /// Reads on until every peer has as much as was sent to it, and compares byte by byte.
    func expectAllArrived(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let expected = try await run { $0.places.map(\.expected) }
        try await eventually("all bytes arrive", sourceLocation: sourceLocation) {
            for index in expected.indices { read(index) }
            return expected.indices.allSatisfy { received($0).readableBytes >= expected[$0].readableBytes }
        }
        for index in expected.indices {
            read(index)
            let isSame = received(index) == expected[index]
            #expect(isSame, "connection \(index)", sourceLocation: sourceLocation)
        }
    }

    func end() async throws {
        peers.hangUpAll()
        try await run { scene in
            for place in scene.places { place.writer.close() }
            scene.places = []
        }
        try await group.shutdownGracefully()
    }
}

/// The far ends of the connections, and what was read from them.
private final class PeerEnds: Sendable {
    private struct Peer: Sendable {
        /// Negative once it is closed.
        var socket: CInt
        var received = ByteBuffer()
    }

    private let peers = Mutex<[Peer]>([])

    func add(_ socket: CInt) {
        peers.withLock { $0.append(Peer(socket: socket)) }
    }

    func read(_ index: Int, most: Int) -> Int {
        peers.withLock { peers in
            var total = 0
            while peers[index].socket >= 0, total < most {
                let socket = peers[index].socket
                let count = peers[index].received.writeWithUnsafeMutableBytes(minimumWritableBytes: 65_536) { space in
                    max(0, recv(socket, space.baseAddress, min(space.count, most - total), CInt(MSG_DONTWAIT)))
                }
                guard count > 0 else { break }
                total += count
            }
            return total
        }
    }

    func received(_ index: Int) -> ByteBuffer { peers.withLock { $0[index].received } }

    func hangUp(_ index: Int) {
        peers.withLock { peers in
            if peers[index].socket >= 0 { close(peers[index].socket) }
            peers[index].socket = -1
        }
    }

    func hangUpAll() {
        for index in 0..<peers.withLock({ $0.count }) { hangUp(index) }
    }
}
