import NIOCore
import NIOPosix
import RTSP
import Testing

@testable import RTSPTransport

@Suite("The HTTP tunnel")
struct HTTPTunnelTests {
    @Test(
        "requests of the POST are answered raw on the GET, media goes straight to its socket, and the POST hears nothing"
    )
    func conversation() async throws {
        try await withServer { server in
            let client = try await TunnelClient.open(server)
            let up = try await client.post()
            for (number, method) in ["OPTIONS", "SETUP", "PLAY"].enumerated() { up.write(tunnelled(method, number)) }
            try await client.down.expect("CSeq: 2\r\n")
            try await eventually("the frame behind PLAY") {
                client.down.receivedBytes.readableBytesView.suffix(8).elementsEqual([0x24, 0, 0, 4, 1, 2, 3, 4])
            }
            #expect(client.down.sequence == ["0", "1", "2"])
            #expect(server.record.snapshot.requests == ["OPTIONS", "SETUP", "PLAY"])
            #expect(up.received.isEmpty)
            #expect(server.record.snapshot.seats == [true])
            #expect(server.listener.counters.tunnels == 1)
            await client.close()
            try await up.expectClose()
            try await eventually("the book is empty") { server.listener.openTunnels == 0 }
            try await eventually("all are gone") { server.listener.counters.open == 0 }
            #expect(server.record.snapshot.closed == 1)
        }
    }

    @Test("the POST may come first, and waits for its GET with what it has brought", arguments: [1, 7])
    func postFirst(tunnels: Int) async throws {
        try await withServer { server in
            // On two loops, so that the halves of most meet across them.
            for number in 0..<tunnels {
                let client = TunnelClient(server: server, cookie: "c\(number)", down: try await server.connect())
                let up = try await client.post()
                up.write(tunnelled("OPTIONS", 1))
                try await eventually("the POST waits") { server.listener.openTunnels == 1 }
                #expect(up.received.isEmpty && !up.isClosed)
                client.get()
                try await client.down.expect("CSeq: 1\r\n")
                up.write(tunnelled("OPTIONS", 2))
                try await client.down.expect("CSeq: 2\r\n")
                await client.close(up)
                try await eventually("the book is empty") { server.listener.openTunnels == 0 }
            }
        }
    }

    @Test("a POST that is closed after each request is followed by another, and the session goes on")
    func reopened() async throws {
        try await withServer { server in
            let client = try await TunnelClient.open(server)
            for number in 1...12 {
                let up = try await client.post("Content-Length: 30000\r\n")
                up.write(tunnelled(number == 1 ? "SETUP" : "GET_PARAMETER", number))
                try await client.down.expectResponses(number)
                await up.close()
            }
            #expect(client.down.sequence == (1...12).map(String.init))
            #expect(!client.down.isClosed)
            await client.close()
        }
    }

    @Test("a client that opens POST after POST and closes none keeps two")
    func notCollected() async throws {
        try await withServer { server in
            let client = try await TunnelClient.open(server)
            var ups: [TestPeer] = []
            for number in 1...5 {
                let up = try await client.post()
                up.write(tunnelled("OPTIONS", number))
                try await client.down.expectResponses(number)
                ups.append(up)
            }
            try await eventually("the first three are closed") { ups.count(where: \.isClosed) == 3 }
            #expect(!ups[3].isClosed && !ups[4].isClosed)
            ups[3].write(tunnelled("OPTIONS", 6))
            try await client.down.expectResponses(6)
            await client.close()
        }
    }

    @Test(
        "L3 requests may be split anywhere: in a quantum, in a head, over POSTs; two may come in one block",
        arguments: [1, 2, 3, 7])
    func split(pieceLength: Int) async throws {
        try await withServer { server in
            let client = try await TunnelClient.open(server)
            let up = try await client.post()
            var bytes = tunnelled("OPTIONS", 1)
            bytes.writeString("\r\n")
            bytes.writeImmutableBuffer(
                TunnelBase64.encode(
                    ByteBuffer(
                        string: "OPTIONS * RTSP/1.0\r\nCSeq: 2\r\n\r\nOPTIONS * RTSP/1.0\r\nCSeq: 3\r\n\r\nOPTIO")))
            while let piece = bytes.readSlice(length: min(pieceLength, bytes.readableBytes)), piece.readableBytes > 0 {
                up.write(piece)
            }
            try await client.down.expectResponses(3)
            await up.close()
            let next = try await client.post()
            next.write(TunnelBase64.encode(ByteBuffer(string: "NS * RTSP/1.0\r\nCSeq: 4\r\n\r\n")))
            try await client.down.expectResponses(4)
            #expect(client.down.sequence == ["1", "2", "3", "4"])
            await client.close(next)
        }
    }

    @Test("heads may come byte by byte, and the Base64 right behind the head of the POST")
    func bytewise() async throws {
        try await withServer { server in
            let (down, up) = (try await server.connect(), try await server.connect())
            for byte in "GET / HTTP/1.0\r\nx-sessioncookie: a\r\n\r\n".utf8 { down.write(ByteBuffer(bytes: [byte])) }
            try await down.expect("HTTP/1.0 200 OK\r\n")
            up.write("POST / HTTP/1.0\r\nx-sessioncookie: a\r\n\r\n\(String(buffer: tunnelled("OPTIONS", 1)))")
            try await down.expectResponses(1)
            for byte in tunnelled("OPTIONS", 2).readableBytesView { up.write(ByteBuffer(bytes: [byte])) }
            try await down.expectResponses(2)
            await down.close()
        }
    }

    /// Asks so often, with long answers, and returns when the server reads no more because nobody reads them.
    private func ask(_ server: TestServer, _ times: Int, over up: TestPeer) async throws {
        let padding = String(repeating: "7", count: 7000)
        let request = TunnelBase64.encode(ByteBuffer(string: "GET_PARAMETER * RTSP/1.0\r\nCSeq: \(padding)\r\n\r\n"))
        for _ in 0..<times { up.write(request) }
        var last = -1
        try await eventually("the server stopped reading", within: .seconds(20)) {
            let now = server.listener.counters.requests
            defer { last = now }
            try await Task.sleep(for: .milliseconds(50))
            return now > 1 && now == last
        }
    }

    /// So many requests are heard, and the long answers among them read.
    private func expectAll(_ requests: Int, of server: TestServer, at client: TunnelClient) async throws {
        try await eventually("all answers", within: .seconds(20)) {
            server.listener.counters.requests == requests && client.down.receivedBytes.readableBytes > 2000 * 7000
        }
    }

    @Test("a client that asks on and never reads is not read on either, and gets every answer when it reads again")
    func unreadAnswers() async throws {
        try await withServer(limits: { $0.unreadAnswerBytes = 10_000 }) { server in
            let client = try await TunnelClient.open(server)
            let up = try await client.post()
            up.write(tunnelled("SETUP", 0))
            try await client.down.expectResponses(1)
            try await client.down.pauseReading(true)
            try await ask(server, 2000, over: up)
            #expect(server.listener.counters.requests < 2001)
            try await client.down.pauseReading(false)
            try await expectAll(2001, of: server, at: client)
            await client.close(up)
        }
    }

    @Test("a client that goes on in the next POST before the last was read is heard in the order in which it spoke")
    func order() async throws {
        try await withServer(limits: { $0.unreadAnswerBytes = 10_000 }) { server in
            let client = try await TunnelClient.open(server)
            let first = try await client.post()
            first.write(tunnelled("SETUP", 0))
            try await client.down.expectResponses(1)
            // Answers that nobody reads make the server leave the rest of the first POST where it is.
            try await client.down.pauseReading(true)
            try await ask(server, 2000, over: first)
            let second = try await client.post()
            second.write(tunnelled("GET_PARAMETER", 9))
            try await eventually("the second POST is there") { server.listener.counters.open == 3 }
            try await client.down.pauseReading(false)
            try await expectAll(2002, of: server, at: client)
            try await eventually("the last of them is the second POST's") {
                let end = client.down.receivedBytes.readableBytesView.suffix(200)
                return String(decoding: end, as: UTF8.self).contains("\r\nCSeq: 9\r\n")
            }
            await client.close(first, second)
        }
    }

    @Test("a listener that stops ends its tunnels, whole ones and halves")
    func shutdown() async throws {
        try await withServer { server in
            let client = try await TunnelClient.open(server)
            let up = try await client.post()
            up.write(tunnelled("SETUP", 1))
            try await client.down.expectResponses(1)
            let lonely = TunnelClient(server: server, cookie: "b", down: try await server.connect())
            let waiting = try await lonely.post()
            try await eventually("both are there") { server.listener.openTunnels == 2 }
            await server.listener.shutdown(within: .seconds(1))
            for peer in [client.down, up, waiting, lonely.down] { try await peer.expectClose() }
            #expect(server.record.snapshot.stops == 1)
            #expect(server.listener.openTunnels == 0)
        }
    }
}
