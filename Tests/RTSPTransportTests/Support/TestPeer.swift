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

/// A client of the listener that writes what it is told and keeps what it gets.
final class TestPeer: Sendable {
    private let channel: any Channel
    private let inbox: Inbox

    private init(channel: any Channel, inbox: Inbox) {
        self.channel = channel
        self.inbox = inbox
    }

    /// In TLS with a server of that certificate and no other.
    static func connect(
        to address: SocketAddress, on group: any EventLoopGroup, pinning certificate: ServerCertificate? = nil
    ) async throws -> TestPeer {
        let inbox = Inbox()
        let channel = try await ClientBootstrap(group: group)
            .channelOption(.allowRemoteHalfClosure, value: false)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let certificate { try certificate.pin(on: channel) }
                    try channel.pipeline.syncOperations.addHandler(InboxHandler(inbox: inbox))
                }
            }
            .connect(to: address).get()
        channel.closeFuture.whenComplete { _ in inbox.close() }
        return TestPeer(channel: channel, inbox: inbox)
    }

    func write(_ text: String) {
        write(ByteBuffer(string: text))
    }

    func write(_ bytes: ByteBuffer) {
        channel.writeAndFlush(bytes, promise: nil)
    }

    var received: String { inbox.bytes.text }
    var receivedBytes: ByteBuffer { inbox.bytes }
    var isClosed: Bool { inbox.isClosed }

    func close() async {
        try? await channel.close()
    }

    /// Leaves what the server sends in the kernel.
    func pauseReading(_ paused: Bool) async throws {
        try await channel.setOption(.autoRead, value: !paused).get()
    }

    /// No more bytes from us; we still listen.
    func shutWriting() async {
        try? await channel.close(mode: .output)
    }

    /// Ends with a reset instead of an orderly close.
    func reset() async throws {
        let linger = linger(l_onoff: 1, l_linger: 0)
        try await (channel as? any SocketOptionProvider)?.setSoLinger(linger).get()
        try await channel.close()
    }

    /// Waits for `text` to have come.
    func expect(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await eventually("“\(text)” did not come", sourceLocation: sourceLocation) { received.contains(text) }
    }

    /// Waits for `count` responses, heads only.
    func expectResponses(_ count: Int, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await eventually("\(count) responses did not come", sourceLocation: sourceLocation) {
            statuses.count >= count
        }
    }

    func expectClose(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await eventually("the server did not close", sourceLocation: sourceLocation) { isClosed }
    }

    /// The status codes that came, in order.
    var statuses: [Int] {
        received.components(separatedBy: "RTSP/1.0 ").dropFirst().compactMap { Int($0.prefix(3)) }
    }

    /// The CSeq values that came, in order, as text.
    var sequence: [String] {
        received.components(separatedBy: "CSeq: ").dropFirst().map { String($0.prefix { $0 != "\r\n" }) }
    }
}

extension String {
    /// Foundation's, without Foundation.
    func components(separatedBy separator: String) -> [String] {
        var parts: [String] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        parts.append(String(rest))
        return parts
    }
}

private final class Inbox: Sendable {
    private let state = Mutex<(bytes: ByteBuffer, isClosed: Bool)>((ByteBuffer(), false))

    var bytes: ByteBuffer { state.withLock { $0.bytes } }
    var isClosed: Bool { state.withLock { $0.isClosed } }

    func append(_ bytes: ByteBuffer) {
        state.withLock { _ = $0.bytes.writeImmutableBuffer(bytes) }
    }

    func close() {
        state.withLock { $0.isClosed = true }
    }
}

private final class InboxHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let inbox: Inbox

    init(inbox: Inbox) {
        self.inbox = inbox
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        inbox.append(Self.unwrapInboundIn(data))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

/// Names noted from any loop.
final class PeerNames: Sendable {
    private let names = Mutex<[String]>([])

    var all: [String] { names.withLock { $0 } }

    func note(_ name: String?) {
        names.withLock { $0.append(name ?? "none") }
    }
}

enum MultiThreadedGroup {
    static func one() -> MultiThreadedEventLoopGroup { MultiThreadedEventLoopGroup(numberOfThreads: 1) }
    static func two() -> MultiThreadedEventLoopGroup { MultiThreadedEventLoopGroup(numberOfThreads: 2) }
}
