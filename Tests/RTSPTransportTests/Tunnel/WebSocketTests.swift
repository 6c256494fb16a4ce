import NIOCore
import NIOPosix
import RTSP
import Testing

@testable import RTSPTransport

@Suite("RTSP over a WebSocket")
struct WebSocketTests {
    private static let upgrade = """
        GET /gate HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: rtsp.onvif.org\r\n\r\n
        """

    /// A frame of RFC 6455 §5.2; lengths up to 65535.
    private static func frame(_ opcode: UInt8, _ payload: [UInt8], fin: Bool = true, masked: Bool = true) -> ByteBuffer
    {
        var buffer = ByteBuffer(bytes: [(fin ? 0x80 : 0) | opcode])
        let mask: UInt8 = masked ? 0x80 : 0
        if payload.count < 126 {
            buffer.writeInteger(mask | UInt8(payload.count))
        } else {
            buffer.writeInteger(mask | 126)
            buffer.writeInteger(UInt16(payload.count))
        }
        let key: [UInt8] = masked ? [0x37, 0xFA, 0x21, 0x3D] : [0, 0, 0, 0]
        if masked { buffer.writeBytes(key) }
        buffer.writeBytes(payload.enumerated().map { $1 ^ key[$0 % 4] })
        return buffer
    }

    private static func request(_ method: String, _ number: Int) -> [UInt8] {
        Array("\(method) rtsp://h/gate RTSP/1.0\r\nCSeq: \(number)\r\n\r\n".utf8)
    }

    /// The frames of the server behind its handshake; `nil` as long as the last one is not whole.
    private func frames(_ peer: TestPeer) -> [(opcode: UInt8, payload: [UInt8])]? {
        var bytes = peer.receivedBytes
        let head = Array("\r\n\r\n".utf8)
        while bytes.readableBytes >= 4, !bytes.readableBytesView.starts(with: head) {
            bytes.moveReaderIndex(forwardBy: 1)
        }
        guard bytes.readableBytes >= 4 else { return nil }
        bytes.moveReaderIndex(forwardBy: 4)
        var frames: [(UInt8, [UInt8])] = []
        while let first = bytes.readInteger(as: UInt8.self) {
            guard let second = bytes.readInteger(as: UInt8.self) else { return nil }
            var length = Int(second)
            if length == 126 { length = Int(bytes.readInteger(as: UInt16.self) ?? 0) }
            guard let payload = bytes.readBytes(length: length) else { return nil }
            frames.append((first, payload))
        }
        return frames
    }

    private func opened(_ server: TestServer) async throws -> TestPeer {
        let peer = try await server.connect()
        peer.write(Self.upgrade)
        try await peer.expect("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n")
        return peer
    }

    @Test("each answer and each burst is one binary frame, whole and unmasked")
    func conversation() async throws {
        try await withServer { server in
            let peer = try await opened(server)
            for (number, method) in ["OPTIONS", "SETUP", "PLAY"].enumerated() {
                peer.write(Self.frame(2, Self.request(method, number)))
            }
            try await eventually("four frames") { frames(peer)?.count == 4 }
            let told = try #require(frames(peer))
            #expect(told.allSatisfy { $0.opcode == 0x82 })
            #expect(told.prefix(3).allSatisfy { $0.payload.starts(with: "RTSP/1.0 200 OK\r\n".utf8) })
            #expect(told.last?.payload == [0x24, 0, 0, 4, 1, 2, 3, 4])
            #expect(server.record.snapshot.seats == [false])
            #expect(server.listener.counters.webSockets == 1)
            await peer.close()
            try await eventually("the responder hears of the end") { server.record.snapshot.closed == 1 }
        }
    }

    @Test(
        "messages may be split and joined in any way, in text or binary, with the handshake or behind it; pings are answered"
    )
    func liberal() async throws {
        try await withServer { server in
            let peer = try await server.connect()
            var bytes = ByteBuffer(string: Self.upgrade)
            bytes.writeImmutableBuffer(Self.frame(1, Self.request("OPTIONS", 1)))
            peer.write(bytes)
            let two = Self.request("OPTIONS", 2) + Self.request("OPTIONS", 3) + [0x24, 1, 0, 2, 7, 7]
            peer.write(Self.frame(2, Array(two.prefix(20)), fin: false))
            peer.write(Self.frame(9, Array("are you there".utf8)))
            peer.write(Self.frame(0, Array(two.dropFirst(20)), fin: true))
            for byte in Self.frame(2, Self.request("OPTIONS", 4)).readableBytesView {
                peer.write(ByteBuffer(bytes: [byte]))
            }
            try await eventually("four answers and a pong") { frames(peer)?.count == 5 }
            let told = try #require(frames(peer))
            #expect(told.contains { $0.opcode == 0x8A && $0.payload == Array("are you there".utf8) })
            #expect(peer.sequence == ["1", "2", "3", "4"])
            #expect(server.record.snapshot.frames.map(\.channel) == [1])
            await peer.close()
        }
    }

    @Test("a close is answered, and ends the connection")
    func goodbye() async throws {
        try await withServer { server in
            let peer = try await opened(server)
            peer.write(Self.frame(2, Self.request("SETUP", 1)))
            try await peer.expectResponses(1)
            peer.write(Self.frame(8, [0x03, 0xE8]))
            try await peer.expectClose()
            #expect(frames(peer)?.last?.opcode == 0x88)
            #expect(frames(peer)?.last?.payload == [0x03, 0xE8])
        }
    }

    @Test("a server that stops says so in a frame")
    func stopped() async throws {
        try await withServer { server in
            let peer = try await opened(server)
            peer.write(Self.frame(2, Self.request("SETUP", 1)))
            try await peer.expectResponses(1)
            await server.listener.shutdown(within: .milliseconds(500))
            try await peer.expectClose()
            #expect(frames(peer)?.last?.opcode == 0x88)
        }
    }

    @Test(
        "frames that break the protocol end the connection with 1002",
        arguments: [
            frame(2, [1, 2, 3], masked: false), frame(2 | 0x40, [1]), frame(3, [1]), frame(9, [1], fin: false),
            ByteBuffer(bytes: [0x82, 0xFF, 0, 0, 0, 0, 0x7F, 0, 0, 0, 1, 2, 3, 4]),
            ByteBuffer(bytes: [0x89, 0xFE, 0, 200, 1, 2, 3, 4]),
        ])
    func broken(bytes: ByteBuffer) async throws {
        try await withServer { server in
            let peer = try await opened(server)
            peer.write(bytes)
            try await peer.expectClose()
            #expect(frames(peer)?.last?.opcode == 0x88)
            #expect(frames(peer)?.last?.payload == [0x03, 0xEA])
            #expect(server.listener.counters.malformed == 1)
        }
    }

    @Test("what is no RTSP in a frame is answered 400 in a frame")
    func garbage() async throws {
        try await withServer { server in
            let peer = try await opened(server)
            peer.write(Self.frame(2, [1, 2, 3, 13, 10, 13, 10]))
            try await peer.expect("RTSP/1.0 400 ")
            try await eventually("a goodbye") { frames(peer)?.last?.opcode == 0x88 }
            await peer.close()
        }
    }

    @Test("seeded mutations of a conversation end or go on, and leave nothing behind")
    func mutations() async throws {
        try await withServer { server in
            var generator = LinearCongruentialGenerator(seed: 6455)
            var sample = ByteBuffer()
            for number in 1...3 { sample.writeImmutableBuffer(Self.frame(2, Self.request("OPTIONS", number))) }
            sample.writeImmutableBuffer(Self.frame(9, [1, 2]))
            for _ in 0..<200 {
                var bytes = Array(sample.readableBytesView)
                for _ in 0..<3 {
                    let place = Int.random(in: 0..<bytes.count, using: &generator)
                    bytes[place] = UInt8.random(in: 0...255, using: &generator)
                }
                let peer = try await opened(server)
                peer.write(ByteBuffer(bytes: bytes))
                await peer.close()
            }
            try await eventually("all are gone") { server.listener.counters.open == 0 }
        }
    }
}
