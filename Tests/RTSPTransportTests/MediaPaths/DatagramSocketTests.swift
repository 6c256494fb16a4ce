import NIOCore
import NIOEmbedded
import Testing

@testable import RTSPTransport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

@Suite("Datagram socket")
struct DatagramSocketTests {
    private func viewer() throws -> DatagramDestination {
        try #require(DatagramDestination(SocketAddress(ipAddress: "192.0.2.9", port: 6000), isIPv6: false))
    }

    private func socket(_ system: ScriptedKernel, backlogLimit: Int = 100_000) throws -> (
        DatagramSocket, EmbeddedChannel
    ) {
        let channel = EmbeddedChannel()
        channel.connect(to: try SocketAddress(ipAddress: "192.0.2.9", port: 6000), promise: nil)
        let socket = DatagramSocket(
            channel: channel,
            system: system,
            isIPv6: false,
            segmentsInKernel: true,
            backlogLimit: backlogLimit
        )
        return (socket, channel)
    }

    @Test("a run goes to the kernel whole")
    func wholeRun() throws {
        let kernel = ScriptedKernel()
        let (socket, _) = try socket(kernel)
        socket.send(ByteBuffer(repeating: 1, count: 3500), segmentSize: 1000, to: try viewer())
        #expect(kernel.calls == [.init(length: 3500, segmentSize: 1000)])
        #expect(socket.counters.sent == 4)
    }

    @Test("a run of one datagram is a datagram")
    func singleRun() throws {
        let kernel = ScriptedKernel()
        let (socket, _) = try socket(kernel)
        socket.send(ByteBuffer(repeating: 1, count: 1000), segmentSize: 1000, to: try viewer())
        socket.send(ByteBuffer(repeating: 1, count: 700), segmentSize: nil, to: try viewer())
        #expect(kernel.calls == [.init(length: 1000, segmentSize: nil), .init(length: 700, segmentSize: nil)])
    }

    @Test("a run is cut at 64 datagrams and at what one message holds")
    func cuts() throws {
        let kernel = ScriptedKernel()
        let (socket, _) = try socket(kernel)
        socket.send(ByteBuffer(repeating: 1, count: 100 * 100), segmentSize: 100, to: try viewer())
        socket.send(ByteBuffer(repeating: 1, count: 50 * 1400), segmentSize: 1400, to: try viewer())
        #expect(kernel.calls.map(\.length) == [6400, 3600, 46 * 1400, 4 * 1400])
        #expect(socket.counters.sent == 150)
    }

    @Test("after EIO runs are split for good")
    func offloadLost() throws {
        let kernel = ScriptedKernel { $0.segmentSize == nil ? 0 : EIO }
        let (socket, _) = try socket(kernel)
        socket.send(ByteBuffer(repeating: 1, count: 2500), segmentSize: 1000, to: try viewer())
        socket.send(ByteBuffer(repeating: 1, count: 2000), segmentSize: 1000, to: try viewer())
        #expect(kernel.calls.map(\.length) == [2500, 1000, 1000, 500, 1000, 1000])
        #expect(!socket.segmentsInKernel)
        #expect(socket.counters.sent == 5)
        #expect(socket.counters.failed == 0)
    }

    @Test("a run that one route cannot take is split, and other routes keep theirs", arguments: [EINVAL, EMSGSIZE])
    func routeOfSmallMTU(code: CInt) throws {
        let kernel = ScriptedKernel { $0.segmentSize == nil ? 0 : code }
        let (socket, _) = try socket(kernel)
        socket.send(ByteBuffer(repeating: 1, count: 2500), segmentSize: 1000, to: try viewer())
        #expect(kernel.calls.map(\.length) == [2500, 1000, 1000, 500])
        #expect(socket.segmentsInKernel)
        #expect(socket.counters.sent == 3)
    }

    @Test("a remote that cannot be reached costs its own datagrams only")
    func unreachable() throws {
        let kernel = ScriptedKernel { _ in ENETUNREACH }
        let (socket, _) = try socket(kernel)
        socket.send(ByteBuffer(repeating: 1, count: 2500), segmentSize: 1000, to: try viewer())
        kernel.answer = { _ in 0 }
        socket.send(ByteBuffer(repeating: 1, count: 10), segmentSize: nil, to: try viewer())
        #expect(socket.counters.failed == 3 && socket.counters.lastFailure != 0)
        #expect(socket.counters.sent == 1)
    }

    @Test("what one remote of many refuses costs the others nothing")
    func manyRemotes() throws {
        let kernel = ScriptedKernel()
        let (socket, _) = try socket(kernel)
        socket.send(
            ByteBuffer(repeating: 1, count: 2500), segmentSize: 1000, to: Array(repeating: try viewer(), count: 3))
        #expect(kernel.calls == Array(repeating: .init(length: 2500, segmentSize: 1000), count: 3))
        #expect(socket.counters.sent == 9)
        kernel.calls = []
        kernel.answer = { _ in kernel.calls.count == 2 ? EINVAL : 0 }
        socket.send(
            ByteBuffer(repeating: 1, count: 2500), segmentSize: 1000, to: Array(repeating: try viewer(), count: 3))
        #expect(kernel.calls.map(\.length) == [2500, 2500, 1000, 1000, 500, 2500])
        #expect(socket.counters.sent == 18)
        #expect(socket.counters.failed == 0)
    }

    @Test("after EIO for one remote of many all get their datagrams one by one")
    func manyRemotesWithoutOffload() throws {
        let kernel = ScriptedKernel { $0.segmentSize == nil ? 0 : EIO }
        let (socket, _) = try socket(kernel)
        socket.send(
            ByteBuffer(repeating: 1, count: 2500), segmentSize: 1000, to: Array(repeating: try viewer(), count: 3))
        #expect(kernel.calls.map(\.length) == [2500, 1000, 1000, 500, 1000, 1000, 500, 1000, 1000, 500])
        #expect(socket.counters.sent == 9)
        #expect(socket.counters.failed == 0)
    }

    @Test("behind a remote that has to wait for room the others wait too, each for its own")
    func manyRemotesWithoutRoom() throws {
        let kernel = ScriptedKernel()
        kernel.room = 1
        let (socket, channel) = try socket(kernel)
        socket.send(
            ByteBuffer(repeating: 1, count: 100), segmentSize: nil, to: Array(repeating: try viewer(), count: 3))
        #expect(socket.counters.sent == 1)
        #expect(socket.counters.backlogBytes == 200)
        kernel.room = .max
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(2))
        #expect(socket.counters.sent == 3)
        #expect(socket.counters.backlogBytes == 0)
    }

    @Test("what the socket buffer has no room for waits, goes out in order, and beyond the backlog is dropped")
    func backlog() throws {
        let kernel = ScriptedKernel { _ in EAGAIN }
        let (socket, channel) = try socket(kernel, backlogLimit: 250)
        for length in [100, 101, 102] {
            socket.send(ByteBuffer(repeating: 1, count: length), segmentSize: nil, to: try viewer())
        }
        #expect(socket.counters.backlogBytes == 201)
        #expect(socket.counters.dropped == 1)
        kernel.calls = []
        kernel.answer = { _ in 0 }
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(2))
        #expect(kernel.calls.map(\.length) == [100, 101])
        #expect(socket.counters.backlogBytes == 0)
        socket.send(ByteBuffer(repeating: 1, count: 7), segmentSize: nil, to: try viewer())
        #expect(kernel.calls.map(\.length) == [100, 101, 7])
    }

    @Test("a split run that is interrupted goes on where it stopped")
    func interruptedSplit() throws {
        let kernel = ScriptedKernel { $0.segmentSize == nil ? 0 : EINVAL }
        kernel.room = 2
        let (socket, channel) = try socket(kernel)
        socket.send(ByteBuffer(repeating: 1, count: 5000), segmentSize: 1000, to: try viewer())
        #expect(socket.counters.backlogBytes == 3000)
        kernel.room = .max
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(2))
        #expect(socket.counters.sent == 5)
        #expect(socket.counters.backlogBytes == 0)
    }

    @Test("a closed socket sends nothing and keeps nothing")
    func closed() throws {
        let kernel = ScriptedKernel { _ in EAGAIN }
        let (socket, channel) = try socket(kernel)
        socket.send(ByteBuffer(repeating: 1, count: 10), segmentSize: nil, to: try viewer())
        channel.close(promise: nil)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(2))
        socket.send(ByteBuffer(repeating: 1, count: 10), segmentSize: nil, to: try viewer())
        #expect(kernel.calls.count == 1)
        #expect(socket.counters.backlogBytes == 0)
        #expect(socket.counters.dropped == 1)
    }

    @Test("what a datagram is, is seen from its first two bytes and its length")
    func kinds() {
        #expect(DatagramKind(ByteBuffer(bytes: [0x80, 201, 0, 1, 0, 0, 0, 1])) == .rtcp)
        #expect(DatagramKind(ByteBuffer(bytes: [0x80, 201])) == .other)
        #expect(DatagramKind(ByteBuffer(bytes: [0x80, 0] + [UInt8](repeating: 0, count: 10))) == .rtp)
        #expect(DatagramKind(ByteBuffer(bytes: [0x80, 0])) == .other)
        #expect(DatagramKind(ByteBuffer(bytes: [0x00, 201, 0, 1, 0, 0, 0, 1])) == .other)
        #expect(DatagramKind(ByteBuffer()) == .other)
    }
}

/// A kernel that answers what the test says.
private final class ScriptedKernel: DatagramSystem {
    struct Call: Equatable {
        var length: Int
        var segmentSize: UInt16?
    }

    var calls: [Call] = []
    var answer: (Call) -> CInt
    /// Datagrams taken before the buffer is full.
    var room = Int.max

    init(answer: @escaping (Call) -> CInt = { _ in 0 }) {
        self.answer = answer
    }

    func send(_ bytes: UnsafeRawBufferPointer, segmentSize: UInt16?, to destination: DatagramDestination) -> CInt {
        let call = Call(length: bytes.count, segmentSize: segmentSize)
        calls.append(call)
        let code = answer(call)
        guard code == 0 else { return code }
        guard room > 0 else { return EAGAIN }
        room -= room == .max ? 0 : 1
        return 0
    }
}
