import NIOCore
import NIOPosix
import RTSP
import Testing

@testable import RTSPTransport

@Suite("The HTTP tunnel, abused")
struct HTTPTunnelAbuseTests {
    @Test("what is no Base64 is answered 400, and the tunnel ends")
    func badBase64() async throws {
        try await withServer { server in
            let client = try await TunnelClient.open(server)
            let up = try await client.post()
            up.write(tunnelled("OPTIONS", 1))
            try await client.down.expectResponses(1)
            up.write("%%%%")
            try await up.expect("HTTP/1.1 400 ")
            try await up.expectClose()
            try await client.down.expectClose()
            #expect(server.listener.counters.malformed == 1)
            try await eventually("the book is empty") { server.listener.openTunnels == 0 }
        }
    }

    @Test("a tunnel whose requests are no RTSP is answered 400 on the GET, and ends with all its connections")
    func badRequest() async throws {
        try await withServer { server in
            let client = try await TunnelClient.open(server)
            let up = try await client.post()
            up.write(TunnelBase64.encode(ByteBuffer(string: "\u{1}\u{2}\u{3}garbage\r\n\r\n")))
            try await client.down.expect("RTSP/1.0 400 ")
            try await client.down.expectClose()
            try await up.expectClose()
        }
    }

    @Test("a second GET with the cookie, and a second POST that waits, are refused, and the first is unharmed")
    func cookieInUse() async throws {
        try await withServer { server in
            let client = try await TunnelClient.open(server)
            let up = try await client.post()
            let thief = TunnelClient(server: server, cookie: client.cookie, down: try await server.connect())
            thief.get()
            try await thief.down.expect("HTTP/1.1 409 ")
            try await thief.down.expectClose()
            up.write(tunnelled("OPTIONS", 1))
            try await client.down.expectResponses(1)

            let other = TunnelClient(server: server, cookie: "other", down: try await server.connect())
            let first = try await other.post()
            try await eventually("the POST waits") { server.listener.openTunnels == 2 }
            let second = try await other.post()
            try await second.expect("HTTP/1.1 409 ")
            #expect(!first.isClosed)
            #expect(server.listener.counters.tunnelsRefused == 2)
            await client.close(up, first)
            await other.down.close()
        }
    }

    @Test("one half alone is cut in time, whichever it is, and counted")
    func halves() async throws {
        try await withServer(limits: { $0.idleTime = .seconds(12) }) { server in
            let client = try await TunnelClient.open(server, cookie: "a")
            let lonely = TunnelClient(server: server, cookie: "b", down: try await server.connect())
            let up = try await lonely.post()
            try await up.expect("HTTP/1.1 408 ")
            try await up.expectClose()
            try await client.down.expectClose()
            try await eventually("both are counted") { server.listener.counters.tunnelsUnpaired == 2 }
            #expect(server.listener.openTunnels == 0)
        }
    }

    @Test("an HTTP request that never ends is answered 408 and cut", arguments: ["GET / HTTP/1.0\r\nx-sess", "POST /"])
    func slowHead(text: String) async throws {
        try await withServer(limits: { $0.requestTime = .milliseconds(50) }) { server in
            let peer = try await server.connect()
            peer.write(text)
            try await peer.expect("HTTP/1.1 408 ")
            try await peer.expectClose()
            #expect(server.listener.counters.slowRequests == 1)
        }
    }

    @Test("of thousands of cookies no more than the limit wait, and a tunnel opens again when they are gone")
    func thousands() async throws {
        try await withServer(limits: { $0.tunnelHalvesPerAddress = 16 }) { server in
            var peers: [TestPeer] = []
            for number in 0..<16 {
                let client = TunnelClient(server: server, cookie: "c\(number)", down: try await server.connect())
                peers.append(number % 2 == 0 ? client.down : try await client.post())
                if number % 2 == 0 { client.get() } else { await client.down.close() }
            }
            try await eventually("sixteen wait") { server.listener.openTunnels == 16 }
            for hundred in 0..<20 {
                var crowd: [TestPeer] = []
                for number in 0..<100 {
                    let peer = try await server.connect()
                    let cookie = "d\(hundred * 100 + number)"
                    peer.write("\(number % 2 == 0 ? "GET" : "POST") / HTTP/1.0\r\nx-sessioncookie: \(cookie)\r\n\r\n")
                    crowd.append(peer)
                }
                for peer in crowd { try await peer.expect("HTTP/1.1 503 ") }
                for peer in crowd { await peer.close() }
            }
            #expect(server.listener.openTunnels == 16)
            #expect(server.listener.counters.tunnelsRefused == 2000)
            for peer in peers { await peer.close() }
            try await eventually("the book is empty") { server.listener.openTunnels == 0 }
            let client = try await TunnelClient.open(server)
            let up = try await client.post()
            up.write(tunnelled("OPTIONS", 1))
            try await client.down.expectResponses(1)
            await client.close(up)
        }
    }

    @Test(
        "curl's Expect: 100-continue is granted to a POST of a tunnel, and pages are refused without waiting for a body"
    )
    func expectContinue() async throws {
        try await withServer { server in
            let up = try await server.connect()
            up.write("POST / HTTP/1.1\r\nx-sessioncookie: a\r\nExpect: 100-continue\r\n\r\n")
            try await up.expect("HTTP/1.1 100 Continue\r\n\r\n")
            let other = try await server.connect()
            other.write("POST / HTTP/1.1\r\nContent-Length: 100000\r\nExpect: 100-continue\r\n\r\n")
            try await other.expect("HTTP/1.1 501 ")
            try await other.expectClose()
            #expect(server.listener.counters.foreignProtocol == 1)
            await up.close()
        }
    }

    @Test("random clients of tunnels, well and badly behaved, leave nothing behind")
    func random() async throws {
        try await withServer { server in
            var generator = LinearCongruentialGenerator(seed: 554)
            var peers: [TestPeer] = []
            for step in 0..<300 {
                let peer = try await server.connect()
                let cookie = "c\(Int.random(in: 0..<12, using: &generator))"
                let head = Bool.random(using: &generator) ? "GET" : "POST"
                peer.write("\(head) / HTTP/1.0\r\nx-sessioncookie: \(cookie)\r\n\r\n")
                if head == "POST" {
                    peer.write(Bool.random(using: &generator) ? tunnelled("OPTIONS", step) : ByteBuffer(string: "abc!"))
                }
                peers.append(peer)
                if Bool.random(using: &generator) {
                    let index = Int.random(in: 0..<peers.count, using: &generator)
                    if Bool.random(using: &generator) {
                        try? await peers[index].reset()
                    } else {
                        await peers[index].close()
                    }
                }
            }
            for peer in peers { await peer.close() }
            try await eventually("all are gone") { server.listener.counters.open == 0 }
            try await eventually("the book is empty") { server.listener.openTunnels == 0 }
            #expect(server.record.snapshot.made == server.record.snapshot.closed)
        }
    }
}
