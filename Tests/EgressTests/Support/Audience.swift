import NIOCore
import NIOPosix
import RTSP
import RTSPTransport
import Reflector
import TestSupport
import Testing

@testable import Egress

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Viewers of one stream on its home loop that play over real sockets, with what they received.
final class Audience: Sendable {
    /// How all of them are sent the stream.
    enum Way: CaseIterable, Sendable {
        case canonicalChannels
        case otherChannels
        case oneTrack
        case datagrams
        case datagramsBesideChannels
    }

    private struct Seat {
        let delivery: StreamDelivery
        let writer: InterleavedWriter
    }

    private let loop: any EventLoop
    /// The viewers' ends.
    private let sockets: [CInt]
    private let channels: [any Channel]
    private let pool: DatagramSocketPool
    private let seats: NIOLoopBoundBox<[Seat]>
    private let drained = Locked(0)

    /// Begins to play for each of them; the stream has a group to begin with.
    init(of count: Int, watching stream: Stream, over way: Way, group: MultiThreadedEventLoopGroup) async throws {
        loop = stream.homeLoop
        pool = try await DatagramSocketPool.start(
            group: group, host: "127.0.0.1", ports: PortPair(rtp: 0, rtcp: 0))
        var (sockets, channels, routes): ([CInt], [any Channel], [[Int: DeliveryRoute]]) = ([], [], [])
        for _ in 0..<count {
            let (near, far) = try Self.connection()
            channels.append(try await ClientBootstrap(group: loop).withConnectedSocket(near).get())
            sockets.append(far)
            guard way.hasDatagrams else {
                routes.append(way.routes(nil))
                continue
            }
            let (receiver, address) = try Self.receiver()
            sockets.append(receiver)
            routes.append(way.routes(address))
        }
        self.sockets = sockets
        self.channels = channels
        let snapshot = try await stream.describe(on: loop).get()
        seats = NIOLoopBoundBox.makeBoxSendingValue([], eventLoop: loop)
        let starts = try await loop.submit { [seats, pool, loop, channels, routes] in
            zip(channels, routes).map { channel, routes in
                let writer = InterleavedWriter(channel: channel)
                writer.open()
                let delivery = StreamDelivery(
                    stream: stream, tracks: snapshot.tracks, routes: routes, writer: writer,
                    datagrams: pool.pair(for: loop).map { .shared($0) }, eventLoop: loop
                )
                seats.value.append(Seat(delivery: delivery, writer: writer))
                return delivery.prepare()
            }
        }.get()
        for start in starts { _ = try await start.get() }
        try await loop.submit { [seats] in
            for seat in seats.value { seat.delivery.begin() }
        }.get()
    }

    /// Reads what has arrived.
    func drain() {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        for socket in sockets {
            while true {
                let count = recv(socket, &bytes, bytes.count, Int32(MSG_DONTWAIT))
                guard count > 0 else { break }
                drained.change { $0 += count }
            }
        }
    }

    /// Waits until so many bytes have arrived.
    func arrived(_ bytes: Int) async throws {
        try await eventually("what was sent has arrived") {
            drain()
            return drained.value >= bytes
        }
    }

    /// Bytes that were sent.
    func sent() async throws -> Int {
        try await loop.submit { [seats] in seats.value.reduce(0) { $0 + Int($1.delivery.counters.bytes) } }.get()
    }

    /// Ends all of them.
    func leave() async throws {
        try await loop.submit { [seats] in
            for seat in seats.value {
                seat.delivery.end(goodbye: false)
                seat.writer.close()
            }
            seats.value = []
        }.get()
        for channel in channels { try? await channel.close() }
        for socket in sockets { close(socket) }
        await pool.shutdown()
    }

    private static func connection() throws -> (near: CInt, far: CInt) {
        var ends: [CInt] = [-1, -1]
        let result = socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends)
        try #require(result == 0)
        return (ends[0], ends[1])
    }

    private static func receiver() throws -> (CInt, SocketAddress) {
        let receiver = socket(AF_INET, CInt(SOCK_DGRAM.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &name) { name in
            name.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                bind(receiver, name, length) | getsockname(receiver, name, &length)
            }
        }
        try #require(result == 0)
        return (receiver, SocketAddress(name))
    }
}

extension Audience.Way {
    fileprivate var hasDatagrams: Bool {
        switch self {
        case .datagrams, .datagramsBesideChannels: true
        case .canonicalChannels, .otherChannels, .oneTrack: false
        }
    }

    /// For a stream of two tracks; `receiver` takes RTP and RTCP.
    fileprivate func routes(_ receiver: SocketAddress?) -> [Int: DeliveryRoute] {
        let canonical = [ChannelPair(rtp: 0, rtcp: 1), ChannelPair(rtp: 2, rtcp: 3)]
        let datagrams = receiver.map { DeliveryRoute.datagrams(rtp: $0, rtcp: $0) }
        return switch self {
        case .canonicalChannels: [0: .interleaved(canonical[0]), 1: .interleaved(canonical[1])]
        case .otherChannels: [0: .interleaved(canonical[1]), 1: .interleaved(canonical[0])]
        case .oneTrack: [0: .interleaved(canonical[0])]
        case .datagrams: datagrams.map { [0: $0, 1: $0] } ?? [:]
        case .datagramsBesideChannels: datagrams.map { [0: $0, 1: .interleaved(canonical[1])] } ?? [:]
        }
    }
}
