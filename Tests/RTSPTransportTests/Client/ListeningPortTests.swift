import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import RTSPTransport

@Suite("Ports that are listened on")
struct ListeningPortTests {
    private static let loop = MultiThreadedEventLoopGroup.singleton.next()

    private static func open(_ point: ListeningPoint) async throws -> NIOLoopBound<UDPPortPair> {
        try await loop.flatSubmit { UDPPortPair.open(at: point, eventLoop: loop) }.get()
    }

    private static func listen(
        _ point: ListeningPoint, silence: TimeAmount = .seconds(60)
    ) async throws -> (pair: NIOLoopBound<UDPPortPair>, heard: Locked<[[UInt8]]>) {
        let pair = try await open(point)
        let heard = Locked<[[UInt8]]>([])
        try await loop.submit {
            pair.value.listen(to: point.sources, silence: silence, readEnded: { _ in }) { datagram, isControl, _ in
                heard.change { $0.append([isControl ? 1 : 0] + Array(datagram.readableBytesView)) }
            }
        }.get()
        return (pair, heard)
    }

    private static func close(_ pair: NIOLoopBound<UDPPortPair>) async throws {
        try await loop.submit { pair.value.close() }.get()
    }

    private static func local(_ port: UInt16, sources: [String] = []) throws -> ListeningPoint {
        ListeningPoint(
            address: try SocketAddress(ipAddress: "127.0.0.1", port: 0), port: port, controlPort: port + 1,
            sources: try sources.map { try SocketAddress(ipAddress: $0, port: 0) }
        )
    }

    @Test("The first sender is heard, another one only when it has been silent for a while")
    func takeover() async throws {
        let port = try await FreePorts.pair()
        let (pair, heard) = try await Self.listen(try Self.local(port), silence: .seconds(2))
        let first = try await FakeSender.start()
        let second = try await FakeSender.start()
        try await first.send([1], to: Int(port))
        try await eventually("the first") { heard.value == [[0, 1]] }
        try await second.send([2], to: Int(port))
        // Reports of the same host are heard from any port.
        try await second.send([3], to: Int(port) + 1)
        try await eventually("a report") { heard.value == [[0, 1], [1, 3]] }
        try await eventually("the second takes over") {
            try await second.send([4], to: Int(port))
            return heard.value.last == [0, 4]
        }
        try await first.send([5], to: Int(port))
        try await eventually("the first is a stranger now") {
            try await second.send([6], to: Int(port))
            return heard.value.last == [0, 6]
        }
        #expect(!heard.value.contains([0, 2]) && !heard.value.contains([0, 5]))
        try await Self.close(pair)
        try await first.stop()
        try await second.stop()
    }

    @Test("Where a source is named nobody else is heard")
    func source() async throws {
        let port = try await FreePorts.pair()
        let (pair, heard) = try await Self.listen(try Self.local(port, sources: ["127.0.0.9"]))
        let sender = try await FakeSender.start()
        try await sender.send([1], to: Int(port))
        try await eventually("counted") {
            try await Self.loop.submit { pair.value.counters.foreign }.get() == 1
        }
        #expect(heard.value.isEmpty)
        try await Self.close(pair)
        try await sender.stop()
    }

    @Test("A group is joined on the loopback interface, by its address or its name", arguments: ["127.0.0.1", "lo"])
    func group(interface: String) async throws {
        let port = try await FreePorts.pair()
        let address = try SocketAddress(ipAddress: "239.255.77.1", port: 0)
        let source = try SocketAddress(ipAddress: "127.0.0.1", port: 0)
        let sender = try await FakeSender.start()
        for sources in [[], [source]] {
            let point = ListeningPoint(
                address: address, port: port, controlPort: port + 1, interface: interface, sources: sources)
            let (pair, heard) = try await Self.listen(point)
            try await sender.send([7], toGroup: "239.255.77.1", port: Int(port))
            try await sender.send([8], toGroup: "239.255.77.1", port: Int(port) + 1)
            try await eventually("both") { Set(heard.value) == [[0, 7], [1, 8]] }
            try await Self.close(pair)
        }
        try await sender.stop()
    }

    @Test("A group joined for another source brings nothing")
    func otherSource() async throws {
        let port = try await FreePorts.pair()
        var point = ListeningPoint(
            address: try SocketAddress(ipAddress: "239.255.77.2", port: 0), port: port, interface: "lo")
        let (everyone, heardByAll) = try await Self.listen(point)
        point.sources = [try SocketAddress(ipAddress: "127.0.0.9", port: 0)]
        let (named, heard) = try await Self.listen(point)
        let sender = try await FakeSender.start()
        try await sender.send([7], toGroup: "239.255.77.2", port: Int(port))
        try await eventually("who takes anyone") { heardByAll.value == [[0, 7]] }
        let foreign = try await Self.loop.submit { named.value.counters.foreign }.get()
        #expect(heard.value.isEmpty && foreign == 0, "the kernel is asked to leave others out")
        try await Self.close(everyone)
        try await Self.close(named)
        try await sender.stop()
    }

    @Test("A port in use, a strange interface and an address of another machine are told apart")
    func errors() async throws {
        let port = try await FreePorts.pair()
        let (pair, _) = try await Self.listen(try Self.local(port))
        await #expect(throws: ListeningError.portInUse(port)) { _ = try await Self.open(try Self.local(port)) }
        // The first of the two is free, and is to be free again.
        let neighbour = ListeningPoint(
            address: try SocketAddress(ipAddress: "127.0.0.1", port: 0), port: try await FreePorts.pair(),
            controlPort: port)
        await #expect(throws: ListeningError.portInUse(port)) { _ = try await Self.open(neighbour) }
        try await Self.close(try await Self.open(try Self.local(neighbour.port)))
        try await Self.close(pair)
        let group = ListeningPoint(
            address: try SocketAddress(ipAddress: "239.255.77.3", port: 0), port: port, interface: "nowhere0")
        await #expect(throws: ListeningError.noInterface("nowhere0")) { _ = try await Self.open(group) }
        // As a description of the sender's own making has it: then all addresses do.
        let foreign = ListeningPoint(address: try SocketAddress(ipAddress: "192.0.2.1", port: 0), port: port)
        try await Self.close(try await Self.open(foreign))
    }
}
