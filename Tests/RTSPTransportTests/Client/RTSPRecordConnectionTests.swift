import Media
import NIOCore
import NIOEmbedded
import RTSP
import Testing

@testable import RTSPTransport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

@Suite("A connection that records")
struct RTSPRecordConnectionTests {
    private final class Source: RTSPRecordSource {
        var ends: [RTSPRecordEnd] = []
        /// Those that were told while `recording` had not returned.
        var endsWithin = 0
        var reports = 0
        var sendsAtOnce = false

        func connected(to peer: SocketAddress, from local: SocketAddress) -> SessionDescription {
            let text = "v=0\r\nm=audio 0 RTP/AVP 0\r\na=control:0\r\n"
            return (try? SessionDescription(parsing: ByteBuffer(string: text))) ?? SessionDescription(tracks: [])
        }

        func recording(_ session: RecordClientSession, over paths: RTSPRecordPaths) {
            guard sendsAtOnce else { return }
            paths.writer.send(ByteBuffer(string: "$\0\0\u{1}x"))
            endsWithin = ends.count
        }

        func received(_ report: ByteBuffer, track: Int) { reports += 1 }
        func ended(_ end: RTSPRecordEnd) { ends.append(end) }
    }

    /// The peer is gone, and a write finds it out.
    private final class DeadPeer: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer

        /// How that write begins.
        var lastByte = UInt8(ascii: "$")

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            guard Self.unwrapOutboundIn(data).getInteger(at: 0, as: UInt8.self) == lastByte else {
                return context.write(data, promise: promise)
            }
            promise?.fail(ChannelError.ioOnClosedChannel)
            context.fireChannelInactive()
        }
    }

    private let loop = EmbeddedEventLoop()
    private let source = Source()
    private let peer = DeadPeer()
    private let connection: RTSPRecordConnection
    private let channel: EmbeddedChannel

    init() throws {
        let url = try #require(RTSPURL("rtsp://server.example/in"))
        connection = RTSPRecordConnection(
            .init(url: url, transport: .tcp, clientNonce: "0123456789abcdef"), source: source, on: loop)
        connection.phase = .connecting
        channel = EmbeddedChannel(handlers: [peer, connection], loop: loop)
        channel.localAddress = try SocketAddress(ipAddress: "192.0.2.2", port: 40_000)
        channel.remoteAddress = try SocketAddress(ipAddress: "192.0.2.1", port: 554)
        channel.connect(to: try SocketAddress(ipAddress: "192.0.2.1", port: 554), promise: nil)
    }

    /// Answers the newest request, which is returned.
    @discardableResult
    private func answer(_ headers: String = "") throws -> String {
        let request = String(buffer: try #require(try channel.readOutbound(as: ByteBuffer.self)))
        let lines = request.split(whereSeparator: \.isNewline)
        let sequence = try #require(lines.first { $0.hasPrefix("CSeq:") })
        try channel.writeInbound(ByteBuffer(string: "RTSP/1.0 200 OK\r\n\(sequence)\r\n\(headers)\r\n"))
        return String(lines.first?.prefix { $0 != " " } ?? "")
    }

    private func record() throws {
        #expect(try answer() == "OPTIONS")
        #expect(try answer() == "ANNOUNCE")
        #expect(try answer("Session: 1\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n") == "SETUP")
        #expect(try answer() == "RECORD")
    }

    @Test("An end that is noticed within the source's own first send is told when that is over")
    func endWithinSend() throws {
        source.sendsAtOnce = true
        try record()
        #expect(source.endsWithin == 0)
        loop.run()
        #expect(source.ends == [.closed])
    }

    @Test(
        "A server that takes nothing any more, or breaks off, is not said to have closed the connection",
        arguments: [(ETIMEDOUT, RTSPRecordEnd.unacknowledged), (ECONNRESET, .reset), (EPIPE, .closed)])
    func losses(_ code: CInt, _ end: RTSPRecordEnd) throws {
        try record()
        channel.pipeline.fireErrorCaught(IOError(errnoCode: code, reason: "read"))
        loop.run()
        #expect(source.ends == [end])
        #expect(!channel.isActive)
    }

    @Test("Of a server that sends what is no RTSP nothing is read any more, and nothing is kept")
    func malformed() throws {
        try record()
        try channel.writeInbound(ByteBuffer(bytes: [0x24, 1, 0, 4, 1, 2, 3, 4]))
        #expect(source.reports == 1)
        try channel.writeInbound(ByteBuffer(string: "RTSP/1.0 200 OK\r\nCSeq: 9\r\nContent-Length: 99999999\r\n\r\n"))
        let asked = try #require(try channel.readOutbound(as: ByteBuffer.self))
        #expect(String(buffer: asked).hasPrefix("TEARDOWN "))
        for _ in 0..<100 { try channel.writeInbound(ByteBuffer(bytes: [0x24, 1, 0, 4, 1, 2, 3, 4, 0x24, 1, 0xFF])) }
        #expect(source.reports == 1)
        #expect(connection.unread.readableBytes == 0)
        loop.advanceTime(by: .seconds(1))
        #expect(source.ends == [.malformed(RTSPParsingError(.bodyTooLarge, cSeq: "9"))])
        #expect(!channel.isActive)
    }

    @Test("A connection that is gone when TEARDOWN is asked leaves no timer behind")
    func tearDown() throws {
        try record()
        peer.lastByte = UInt8(ascii: "T")
        connection.stop()
        loop.run()
        #expect(source.ends == [.stopped])
        #expect(connection.answerTimer == nil && connection.keepaliveTimer == nil)
    }
}
