import Media
import NIOCore
import NIOPosix
import RTSP
import Testing

@testable import RTSPTransport

/// Connections to a server through an HTTP tunnel in TLS and over WebSockets; the server is our own, or one that answers as a test wants.
@Suite("A server asked through a carrier")
struct CarrierClientTests {
    /// How the conversation with a server at that URL ends.
    private func end(
        of text: String, trust: PeerTrust = .authorities, path: String? = nil
    ) async throws -> RTSPClientEnd? {
        let group = MultiThreadedGroup.one()
        let end = try await RTSPClientEnd.ofConversation(
            with: try #require(RTSPURL(text)), tls: ClientTLS(trust: trust), webSocketPath: path, on: group.next())
        try await group.shutdownGracefully()
        return end
    }

    @Test("OPTIONS and DESCRIBE reach our own server by each carrier", arguments: ["rtsp+ws", "rtsp+http"])
    func plain(scheme: String) async throws {
        try await withServer { server in
            let end = try await self.end(of: "\(scheme)://127.0.0.1:\(server.address.port ?? 0)/gate?x=1")
            #expect(server.record.snapshot.requests.prefix(2) == ["OPTIONS", "DESCRIBE"])
            guard case .conversation = end else {
                Issue.record("\(String(describing: end))")
                return
            }
        }
    }

    @Test(
        "in TLS too, where the certificate is pinned; another one is refused", arguments: ["rtsps+https", "rtsps+wss"])
    func secure(scheme: String) async throws {
        let certificate = try ServerCertificate.selfSigned()
        try await withServer(certificate: CurrentCertificate(certificate)) { server in
            let url = "\(scheme)://127.0.0.1:\(server.listener.secureAddress?.port ?? 0)/gate"
            let pinned = try await self.end(of: url, trust: .fingerprint(certificate.fingerprint))
            #expect(server.record.snapshot.requests.prefix(2) == ["OPTIONS", "DESCRIBE"])
            guard case .conversation = pinned else {
                Issue.record("\(String(describing: pinned))")
                return
            }
            let other = CertificateFingerprint(ofDER: [1])
            let refused = try await self.end(of: url, trust: .fingerprint(other))
            #expect(refused == .insecure(.otherCertificate(shown: certificate.fingerprint)))
            let unknown = try await self.end(of: url)
            #expect(unknown == .insecure(.notVouchedFor(shown: certificate.fingerprint)))
        }
    }

    /// Asks a camera that answers each GET as the test says, and tells how it ended.
    private func ask(
        _ answer: @escaping @Sendable (Int, String) -> String, as credentials: String = "", path: String? = nil,
        _ check: (FakeTunnelCamera) -> Void = { _ in }
    ) async throws -> RTSPClientEnd? {
        let group = MultiThreadedGroup.one()
        let camera = try await FakeTunnelCamera.start(.init(get: answer), on: group.next())
        let port = try #require(camera.address?.port)
        let end = try await self.end(
            of: "rtsp+ws://\(credentials)127.0.0.1:\(port)/live", path: path)
        check(camera)
        try await group.shutdownGracefully()
        return end
    }

    /// What a server says that has read that head.
    @Sendable private static func opened(_ head: String) -> String {
        var opening = ConnectionOpening()
        var buffer = ByteBuffer(string: head + "\r\n\r\n")
        guard case .webSocket(let upgrade) = opening.read(&buffer) else { return "HTTP/1.1 400 Bad Request\r\n\r\n" }
        return String(buffer: HTTPAnswer.webSocketOpened(upgrade).bytes)
    }

    @Test("L5 credentials asked for by HTTP are given once, and signed for the path of the WebSocket")
    func credentials() async throws {
        let end = try await ask(
            { number, head in
                // A frame that is none ends it.
                number == 1
                    ? Self.opened(head) + "\u{3}\u{0}"
                    : "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"cam\", nonce=\"n1\"\r\n\r\n"
            }, as: "admin:secret@", path: "/rtspoverwebsocket"
        ) { camera in
            // The camera notes a head again with each frame that comes behind it.
            #expect(Set(camera.gets).count == 2 && camera.posts.isEmpty)
            #expect(camera.gets.allSatisfy { $0.hasPrefix("GET /rtspoverwebsocket HTTP/1.1\r\n") })
            #expect(camera.gets.first?.contains("Authorization") == false)
            #expect(camera.gets.last?.contains("Authorization: Digest username=\"admin\"") == true)
            #expect(camera.gets.last?.contains("uri=\"/rtspoverwebsocket\"") == true)
        }
        // So the WebSocket stood.
        #expect(end == .tunnel(.badFrames))
    }

    @Test(
        "a camera that opens none is told by what it says",
        arguments: [
            ("HTTP/1.1 404 Not Found\r\n\r\n", RTSPClientEnd.tunnel(.refused(.notFound))),
            ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", .tunnel(.noWebSocket)),
            ("RTSP/1.0 400 Bad Request\r\n\r\n", .tunnel(.notHTTP)),
            (
                "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"a\"\r\n\r\n",
                .conversation(.unauthorized(hadCredentials: false))
            ),
        ])
    func refusals(answer: String, expected: RTSPClientEnd) async throws {
        #expect(try await ask({ _, _ in answer }) == expected)
    }

    @Test(
        "frames that break the protocol end the pull with their own reason",
        arguments: ["\u{3}\u{0}", "\u{F}\u{1}\u{1}", "\u{9}\u{0}"])
    func broken(frame: String) async throws {
        let end = try await ask { _, head in Self.opened(head) + frame }
        #expect(end == .tunnel(.badFrames))
    }

    /// Lets a DESCRIBE wait, so that the conversation is not over before the server goes.
    private struct Hesitation: RTSPMiddleware {
        func handle(
            _ request: RTSPRequest, context: RTSPRequestContext, next: @escaping Next
        ) -> EventLoopFuture<RTSPReply> {
            guard request.method == .describe else { return next(request, context) }
            let loop = context.eventLoop.assumeIsolated()
            return loop.scheduleTask(in: .seconds(10)) { RTSPReply(.ok) }.futureResult
        }
    }

    @Test("a goodbye of the server ends the conversation as a closed connection")
    func goodbye() async throws {
        try await withServer(middleware: [Hesitation()]) { server in
            async let ended = end(of: "rtsp+ws://127.0.0.1:\(server.address.port ?? 0)/hold")
            try await eventually("it is there") { server.listener.counters.webSockets == 1 }
            await server.listener.shutdown(within: .milliseconds(100))
            #expect(try await ended == .closed)
        }
    }
}
