import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import RTSPTransport

@Suite struct UDPPortPairTests {
    private static func open(_ count: Int, on address: String = "127.0.0.1") async throws -> [NIOLoopBound<UDPPortPair>]
    {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let local = try SocketAddress(ipAddress: address, port: 4711)
        var pairs: [NIOLoopBound<UDPPortPair>] = []
        for _ in 0..<count {
            pairs.append(try await loop.flatSubmit { UDPPortPair.open(on: local, eventLoop: loop) }.get())
        }
        return pairs
    }

    private static func close(_ pairs: [NIOLoopBound<UDPPortPair>]) async throws {
        for pair in pairs { try await pair.eventLoop.submit { pair.value.close() }.get() }
    }

    @Test("Fifty pairs are even and odd neighbours, all different")
    func neighbours() async throws {
        let pairs = try await Self.open(50)
        var seen: Set<UInt16> = []
        for pair in pairs {
            let ports = try await pair.eventLoop.submit { pair.value.ports }.get()
            #expect(ports.rtp.isMultiple(of: 2))
            #expect(ports.rtcp == ports.rtp + 1)
            #expect(seen.insert(ports.rtp).inserted)
        }
        try await Self.close(pairs)
    }

    @Test("E6 the first port of the right host that sends is the only one heard from then on")
    func latches() async throws {
        let pairs = try await Self.open(1)
        let pair = pairs[0]
        let first = try await FakeSender.start()
        let second = try await FakeSender.start()
        let heard = Locked<[[UInt8]]>([])
        let host = try SocketAddress(ipAddress: "127.0.0.1", port: 554)
        let port = try await pair.eventLoop.submit {
            pair.value.receive(from: [host], server: nil, readEnded: { _ in }) { datagram, isControl, _ in
                heard.change { $0.append([isControl ? 1 : 0] + Array(datagram.readableBytesView)) }
            }
            return Int(pair.value.ports.rtp)
        }.get()
        try await first.send([1], to: port)
        try await eventually("the first") { heard.value.count == 1 }
        try await second.send([2], to: port)
        try await first.send([3], to: port)
        try await second.send([4], to: port + 1)
        try await eventually("three in all") { heard.value.count == 3 }
        #expect(Set(heard.value) == [[0, 1], [0, 3], [1, 4]])
        let count = try await pair.eventLoop.submit { pair.value.counters.foreign }.get()
        #expect(count == 1)
        try await Self.close(pairs)
        try await first.stop()
        try await second.stop()
    }

    @Test(
        "A datagram of another host is not taken, whatever its port, and makes no room for more", arguments: [1, 3_000])
    func otherHost(size: Int) async throws {
        let pairs = try await Self.open(1)
        let pair = pairs[0]
        let sender = try await FakeSender.start()
        let host = try SocketAddress(ipAddress: "127.0.0.2", port: 554)
        let port = try await pair.eventLoop.submit {
            pair.value.receive(from: [host], server: nil, readEnded: { _ in }) { _, _, _ in Issue.record("taken") }
            return Int(pair.value.ports.rtp)
        }.get()
        try await sender.send([UInt8](repeating: 1, count: size), to: port)
        try await eventually("counted") {
            try await pair.eventLoop.submit { pair.value.counters.foreign }.get() == 1
        }
        let truncated = try await pair.eventLoop.submit { pair.value.counters.truncated }.get()
        #expect(truncated == 0)
        try await Self.close(pairs)
        try await sender.stop()
    }

    @Test("H12 a datagram longer than its room makes room for the next")
    func grows() async throws {
        let pairs = try await Self.open(1)
        let pair = pairs[0]
        let sender = try await FakeSender.start()
        let heard = Locked<[Int]>([])
        let host = try SocketAddress(ipAddress: "127.0.0.1", port: 554)
        let port = try await pair.eventLoop.submit {
            pair.value.receive(from: [host], server: nil, readEnded: { _ in }) { datagram, _, _ in
                heard.change { $0.append(datagram.readableBytes) }
            }
            return Int(pair.value.ports.rtp)
        }.get()
        for size in [1_000, 10_000, 60_000] {
            try await eventually("\(size) bytes taken whole") {
                try await sender.send([UInt8](repeating: 7, count: size), to: port)
                try await Task.sleep(for: .milliseconds(2))
                return heard.value.contains(size)
            }
        }
        let count = try await pair.eventLoop.submit { pair.value.counters.truncated }.get()
        #expect(count == 2)
        try await Self.close(pairs)
        try await sender.stop()
    }
}
