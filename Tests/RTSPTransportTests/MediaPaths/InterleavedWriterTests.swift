import NIOCore
import NIOEmbedded
import NIOPosix
import Synchronization
import Testing

@testable import RTSPTransport

@Suite("Interleaved writer")
struct InterleavedWriterTests {
    @Test(
        "media and responses arrive byte for byte in the order they were given, through short writes, queues and TLS",
        arguments: [false, true])
    func order(isSecure: Bool) async throws {
        let group = MultiThreadedGroup.two()
        let source = WriterSource(total: 3_000_000, entrance: isSecure ? .pipeline : .socket)
        let certificate = isSecure ? try ServerCertificate.selfSigned() : nil
        let server = try await ServerBootstrap(group: group)
            .childChannelOption(.socketOption(.so_sndbuf), value: 8192)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let certificate { try channel.pipeline.syncOperations.addHandler(certificate.makeHandler()) }
                    try channel.pipeline.syncOperations.addHandler(WriterHandler(source: source))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let address = try #require(server.localAddress)
        let sink = PatternSink()
        let client = try await ClientBootstrap(group: group)
            .channelOption(.socketOption(.so_rcvbuf), value: 8192)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let certificate { try certificate.pin(on: channel) }
                    try channel.pipeline.syncOperations.addHandler(SlowReader(sink: sink))
                }
            }
            .connect(to: address).get()
        try await eventually("all bytes arrive", within: .seconds(30)) {
            !client.isActive || source.isDone && sink.bytes.readableBytes >= source.sent.readableBytes
        }
        #expect(sink.bytes.readableBytes == source.sent.readableBytes)
        let isSame = sink.bytes == source.sent
        #expect(isSame)
        let seen = source.seen
        #expect((seen.direct > 0) != isSecure, "the socket is written directly, and never past TLS")
        #expect(seen.couldTakeSeat != isSecure, "a fan-out writes to sockets, and never past TLS")
        #expect(seen.queued > 0, "nothing ever had to wait")
        #expect(seen.drains > 0, "no drain was observed")
        try await client.close()
        try await server.close()
        try await group.shutdownGracefully()
    }

    @Test("on a channel that is no socket everything passes the pipeline")
    func pipeline() throws {
        let channel = EmbeddedChannel()
        let writer = InterleavedWriter(channel: channel)
        writer.send(ByteBuffer(string: "early"))
        writer.open()
        writer.send(ByteBuffer(string: "a"))
        writer.answer(ByteBuffer(string: "b"))
        #expect(try channel.readOutbound(as: ByteBuffer.self)?.text == "a")
        #expect(try channel.readOutbound(as: ByteBuffer.self)?.text == "b")
        #expect(writer.isDrained)
        #expect(writer.directBytes == 0)
    }

    @Test("after the end nothing is sent, nothing is queued and nobody is called")
    func closed() throws {
        let channel = EmbeddedChannel()
        let writer = InterleavedWriter(channel: channel)
        writer.open()
        var calls = 0
        _ = writer.observeDrain { calls += 1 }
        writer.close()
        writer.send(ByteBuffer(string: "a"))
        writer.answer(ByteBuffer(string: "b"))
        #expect(try channel.readOutbound(as: ByteBuffer.self) == nil)
        #expect(writer.isDrained)
        #expect(!writer.isOpen)
        #expect(calls == 0)
    }

    @Test("a queue that empties later calls its observers, and one that was removed is not called")
    func observers() throws {
        let gate = WriteGate()
        let channel = EmbeddedChannel(handler: gate)
        let writer = InterleavedWriter(channel: channel)
        writer.open()
        var calls: [Int] = []
        _ = writer.observeDrain { calls.append(1) }
        let second = writer.observeDrain { calls.append(2) }
        _ = writer.observeDrain { calls.append(3) }
        writer.removeDrainObserver(second)
        writer.send(ByteBuffer(string: "abc"))
        writer.send(ByteBuffer(string: "de"))
        #expect(writer.queuedBytes == 5)
        #expect(!writer.isDrained)
        gate.open()
        #expect(writer.isDrained)
        #expect(calls == [1, 3])
    }

    @Test("a write that fails ends the writer")
    func failure() throws {
        let gate = WriteGate()
        let channel = EmbeddedChannel(handler: gate)
        let writer = InterleavedWriter(channel: channel)
        writer.open()
        var calls = 0
        _ = writer.observeDrain { calls += 1 }
        writer.send(ByteBuffer(string: "abc"))
        gate.fail()
        #expect(!writer.isOpen)
        #expect(writer.queuedBytes == 0)
        #expect(calls == 0)
    }
}

/// Holds writes until it is told.
private final class WriteGate: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    private var promises: [EventLoopPromise<Void>] = []

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if let promise { promises.append(promise) }
    }

    func open() {
        for promise in promises { promise.succeed() }
        promises = []
    }

    func fail() {
        for promise in promises { promise.fail(ChannelError.eof) }
        promises = []
    }
}

/// What is written to the connection, and what the writer did with it.
private final class WriterSource: Sendable {
    struct Seen: Sendable {
        var direct = 0
        var queued = 0
        var drains = 0
        var couldTakeSeat = false
    }

    private struct State: Sendable {
        var sent = ByteBuffer()
        var seen = Seen()
        var isDone = false
    }

    let total: Int
    let entrance: InterleavedWriter.Entrance
    private let state = Mutex(State())

    init(total: Int, entrance: InterleavedWriter.Entrance) {
        self.total = total
        self.entrance = entrance
    }

    var sent: ByteBuffer { state.withLock { $0.sent } }
    var seen: Seen { state.withLock { $0.seen } }
    var isDone: Bool { state.withLock { $0.isDone } }

    func note(sent bytes: ByteBuffer, by writer: InterleavedWriter) {
        state.withLock { state in
            state.sent.writeImmutableBuffer(bytes)
            state.seen.queued = max(state.seen.queued, writer.queuedBytes)
            state.seen.direct = writer.directBytes
            if writer.canTakeSeat { state.seen.couldTakeSeat = true }
            state.isDone = state.sent.readableBytes >= total
        }
    }

    func noteDrain() {
        state.withLock { $0.seen.drains += 1 }
    }
}

/// Writes frames of all sizes with a response among them now and then, as far as a caller with a policy would.
private final class WriterHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let source: WriterSource
    private var writer: InterleavedWriter?
    private var number = 0
    private let pattern: [UInt8] = {
        var random = LinearCongruentialGenerator(seed: 3)
        return (0..<9600).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    }()

    init(source: WriterSource) {
        self.source = source
    }

    func channelActive(context: ChannelHandlerContext) {
        let writer = InterleavedWriter(channel: context.channel, entrance: source.entrance)
        writer.open()
        self.writer = writer
        _ = writer.observeDrain { [weak self] in
            self?.source.noteDrain()
            self?.fill()
        }
        fill()
    }

    func channelInactive(context: ChannelHandlerContext) {
        writer?.close()
    }

    private func fill() {
        guard let writer else { return }
        while !source.isDone, writer.queuedBytes < 65_536 {
            number += 1
            var bytes = ByteBuffer()
            if number.isMultiple(of: 7) {
                bytes.writeString("RTSP/1.0 200 OK\r\nCSeq: \(number)\r\n\r\n")
                writer.answer(bytes)
            } else {
                let length = number &* 337 % 9000 + 1
                bytes.writeMultipleIntegers(UInt8(0x24), UInt8(number % 4), UInt16(length))
                bytes.writeBytes(pattern[(number % 500)...].prefix(length))
                writer.send(bytes)
            }
            source.note(sent: bytes, by: writer)
        }
    }
}

private final class PatternSink: Sendable {
    private let state = Mutex(ByteBuffer())

    var bytes: ByteBuffer { state.withLock { $0 } }

    func take(_ bytes: ByteBuffer) {
        state.withLock { _ = $0.writeImmutableBuffer(bytes) }
    }
}

/// Reads when a timer lets it, at first hardly, later as fast as it can.
private final class SlowReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let sink: PatternSink
    private var reads = 0

    init(sink: PatternSink) {
        self.sink = sink
    }

    func channelActive(context: ChannelHandlerContext) {
        // Not before: a handshake in front of this one has to be read as it comes.
        _ = try? context.channel.syncOptions?.setOption(.autoRead, value: false)
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        sink.take(Self.unwrapInboundIn(data))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        reads += 1
        guard reads < 200 else { return context.read() }
        context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(1)) { context.read() }
    }
}
