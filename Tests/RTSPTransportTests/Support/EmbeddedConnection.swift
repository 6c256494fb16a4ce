import NIOCore
import NIOEmbedded
import RTSP

@testable import RTSPTransport

/// One server connection on a channel without a socket.
final class EmbeddedConnection {
    let record = ResponderRecord()
    let tally = ListenerTally()
    private let channel: EmbeddedChannel
    private let connection: RTSPServerConnection

    init(limits change: (inout ConnectionLimits) -> Void = { _ in }) {
        var limits = ConnectionLimits()
        change(&limits)
        let loop = EmbeddedEventLoop()
        let record = record
        connection = RTSPServerConnection(
            environment: ConnectionEnvironment(
                limits: limits,
                serverName: "Heliograph/0.1",
                middleware: RTSPMiddlewareChain([]),
                makeResponder: { _ in ScriptedResponder(record: record) },
                datagrams: nil,
                tally: tally,
                siblings: LoopConnections(eventLoop: loop, sweepInterval: .seconds(1))
            )
        )
        channel = EmbeddedChannel(handler: connection, loop: loop)
        channel.localAddress = try? SocketAddress(ipAddress: "192.0.2.1", port: 554)
        channel.remoteAddress = try? SocketAddress(ipAddress: "192.0.2.2", port: 5000)
        if let peer = channel.remoteAddress { channel.connect(to: peer, promise: nil) }
    }

    func write(_ text: String) throws {
        try write(ByteBuffer(string: text))
    }

    func write(_ bytes: ByteBuffer) throws {
        guard channel.isActive else { return }
        try channel.writeInbound(bytes)
    }

    func readBytes() throws -> ByteBuffer {
        var all = ByteBuffer()
        while let bytes = try channel.readOutbound(as: ByteBuffer.self) { all.writeImmutableBuffer(bytes) }
        return all
    }

    func read() throws -> String {
        try readBytes().text
    }

    func run() {
        channel.embeddedEventLoop.run()
    }

    var readsOn: Bool { !connection.isReadingPaused }

    /// We have closed from our side; the embedded channel has no halves and so is gone at once.
    var hasEnded: Bool {
        run()
        return !channel.isActive
    }

    func end() {
        channel.close(promise: nil)
        run()
    }
}
