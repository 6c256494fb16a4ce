import Media
import NIOCore
import NIOEmbedded
import RTSP
import Testing

@testable import RTSPTransport

@Suite("A client connection")
struct RTSPClientConnectionTests {
    private final class Receiver: RTSPClientReceiver {
        var ends: [RTSPClientEnd] = []

        func connected(to peer: SocketAddress) {}
        func comesThrough(_ relays: RelayChain) {}
        func prepared(_ tracks: [PlayClientTrack]) {}
        func playing(_ session: PlayClientSession) {}
        func received(_ packet: ByteBuffer, track: Int, isControl: Bool, at arrival: NIODeadline) {}
        var awaitsRest: Bool { false }
        func readEnded(at now: NIODeadline) {}
        func ended(_ end: RTSPClientEnd) { ends.append(end) }
    }

    private let loop = EmbeddedEventLoop()
    private let receiver = Receiver()
    private let connection: RTSPClientConnection

    init() throws {
        let url = try #require(RTSPURL("rtsp://camera.example/stream"))
        connection = RTSPClientConnection(
            .init(url: url, transport: .tcp, clientNonce: "0123456789abcdef"),
            receiver: receiver,
            on: loop
        )
        connection.phase = .connecting
    }

    private func channel() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(handler: connection, loop: loop)
        channel.connect(to: try SocketAddress(ipAddress: "192.0.2.1", port: 554), promise: nil)
        return channel
    }

    @Test("Of a name with two addresses the connection that stands too late does not take the first one with it")
    func slowerAddress() throws {
        let first = try channel()
        let second = try channel()
        loop.run()
        #expect(first.isActive)
        #expect(!second.isActive)
        #expect(receiver.ends.isEmpty)
        let asked = try first.readOutbound(as: ByteBuffer.self)
        #expect(asked.map { String(buffer: $0).hasPrefix("OPTIONS ") } == true)
        first.close(promise: nil)
        loop.run()
        #expect(receiver.ends == [.closed])
    }

    @Test("A camera that asks and does not read the answers is left, before they fill the memory")
    func deaf() throws {
        let channel = try channel()
        let question = ByteBuffer(string: "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
        try channel.writeInbound(question)
        #expect(receiver.ends.isEmpty)
        channel.isWritable = false
        try channel.writeInbound(question)
        #expect(receiver.ends == [.deaf])
        loop.run()
        #expect(!channel.isActive)
    }
}
