import Media
import NIOCore
import NIOPosix
import RTSP
import Testing

@testable import RTSPTransport

@Suite("A camera behind an HTTP tunnel")
struct TunnelClientTests {
    /// Knows OPTIONS, and no stream.
    @Sendable private static func answers(_ request: String) -> String {
        let number = request.components(separatedBy: "CSeq: ").last.map { String($0.prefix { $0.isNumber }) } ?? ""
        let status = request.hasPrefix("OPTIONS ") ? "200 OK" : "404 Not Found"
        return "RTSP/1.0 \(status)\r\nCSeq: \(number)\r\n\r\n"
    }

    private static let notFound = RTSPClientEnd.conversation(.refused(.describe, .notFound))

    /// Pulls from such a camera until that ends, and tells how.
    @discardableResult
    private func pull(
        _ change: (inout FakeTunnelCamera.Behaviour) -> Void, as credentials: String = "",
        patience: TimeAmount = .seconds(10), _ check: (FakeTunnelCamera) throws -> Void = { _ in }
    ) async throws -> RTSPClientEnd? {
        let group = MultiThreadedGroup.one()
        let loop = group.next()
        var behaviour = FakeTunnelCamera.Behaviour()
        behaviour.answers = Self.answers
        change(&behaviour)
        let camera = try await FakeTunnelCamera.start(behaviour, on: loop)
        let port = try #require(camera.address?.port)
        let url = try #require(RTSPURL("rtsp+http://\(credentials)127.0.0.1:\(port)/live/main?x=1"))
        let end = try await RTSPClientEnd.ofConversation(with: url, patience: .init(answer: patience), on: loop)
        try check(camera)
        try await group.shutdownGracefully()
        return end
    }

    @Test(
        "L2 L1 the POST goes to the stream's own path, and whether it is answered makes no difference",
        arguments: [nil, "HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n", "junk"])
    func conversation(post: String?) async throws {
        let end = try await pull {
            $0.post = post
        } _: { camera in
            #expect(camera.gets.count == 1 && camera.posts.count == 1)
            #expect(camera.snapshot.heads.allSatisfy { $0.contains(" /live/main?x=1 HTTP/1.0\r\n") })
            #expect(camera.snapshot.requests.map { String($0.prefix { $0 != " " }) } == ["OPTIONS", "DESCRIBE"])
            #expect(camera.snapshot.requests.allSatisfy { $0.contains(" rtsp://127.0.0.1:") })
        }
        #expect(end == Self.notFound)
    }

    @Test("credentials asked for by HTTP are given once, signed for GET and for POST", arguments: [true, false])
    func credentials(isRight: Bool) async throws {
        let end = try await pull(
            { behaviour in
                behaviour.closesRefusedGet = true
                behaviour.get = { number, _ in
                    number == 1 && isRight
                        ? "HTTP/1.1 200 OK\r\n\r\n"
                        : "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"cam\", nonce=\"n1\", qop=\"auth\"\r\n\r\n"
                }
            }, as: "admin:secret@"
        ) { camera in
            #expect(camera.gets.count == 2)
            #expect(!camera.gets[0].contains("Authorization"))
            #expect(camera.gets[1].contains("Authorization: Digest username=\"admin\""))
            #expect(camera.gets[1].contains("uri=\"/live/main?x=1\"") && camera.gets[1].contains("nc=00000001"))
            #expect(camera.posts.allSatisfy { $0.contains("nc=00000002") })
            #expect(!camera.snapshot.heads.contains { $0.contains("secret") })
        }
        #expect(end == (isRight ? Self.notFound : .conversation(.unauthorized(hadCredentials: true))))
    }

    @Test("credentials asked for, and none there")
    func noCredentials() async throws {
        let end = try await pull {
            $0.get = { _, _ in "HTTP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"a\"\r\n\r\n" }
        }
        #expect(end == .conversation(.unauthorized(hadCredentials: false)))
    }

    @Test(
        "a port that tunnels nothing is told by what it says",
        arguments: [
            ("HTTP/1.1 404 Not Found\r\n\r\n", TunnelError.refused(.notFound)),
            ("RTSP/1.0 400 Bad Request\r\n\r\n", .notHTTP),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .chunked), ("", .noAnswer),
            ("HTTP/1.0 2", .noAnswer),
        ])
    func refusals(answer: String, error: TunnelError) async throws {
        let end = try await pull(
            { $0.get = { _, _ in answer } }, patience: .milliseconds(error == .noAnswer ? 150 : 10_000))
        #expect(end == .tunnel(error))
    }

    @Test("one that hangs up before it answers, and one that refuses the POST")
    func hangUps() async throws {
        let closed = try await pull {
            $0.get = { _, _ in "" }
            $0.closesRefusedGet = true
        }
        #expect(closed == .tunnel(.closed))
        let refused = try await pull {
            $0.post = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
            $0.answers = { _ in "" }
        }
        #expect(refused == .tunnel(.refused(.notFound)))
    }

    /// Sends requests by the way up of a tunnel, each when the one before has arrived.
    private func send(
        _ requests: Int, to behaviour: FakeTunnelCamera.Behaviour, waitsForClose: Bool = false,
        _ check: (FakeTunnelCamera) -> Void
    ) async throws {
        let group = MultiThreadedGroup.one()
        let loop = group.next()
        let camera = try await FakeTunnelCamera.start(behaviour, on: loop)
        let address = try #require(camera.address)
        let wayUp = try await loop.submit {
            let url = RTSPURL(scheme: .rtspHTTP, host: "127.0.0.1", pathAndQuery: "")
            let dialer = ClientDialer(url: url, tls: ClientTLS(), patience: .seconds(10), eventLoop: loop)
            let wayUp = TunnelWayUp(to: address, over: dialer) {
                ByteBuffer(string: "POST / HTTP/1.0\r\n\r\n")
            }
            return NIOLoopBound(wayUp, eventLoop: loop)
        }.get()
        for number in 0..<requests {
            let request = "GET_PARAMETER \(number)" + String(repeating: "x", count: 1500) + "\r\n\r\n"
            try await loop.submit { wayUp.value.send(ByteBuffer(string: request)) }.get()
            try await eventually("it arrives") { camera.snapshot.requests.count == number + 1 }
            guard waitsForClose else { continue }
            try await eventually("the POST is closed") { try await !loop.submit { wayUp.value.isConnected }.get() }
        }
        try await loop.submit { wayUp.value.close() }.get()
        try await eventually("every POST is closed") { camera.snapshot.bodies.count == camera.posts.count }
        let isInOrder = camera.snapshot.requests.enumerated().allSatisfy { $1.hasPrefix("GET_PARAMETER \($0)x") }
        #expect(isInOrder)
        check(camera)
        try await group.shutdownGracefully()
    }

    @Test("a POST is followed by another before its announced length is used up")
    func announcedLength() async throws {
        try await send(60, to: .init()) { camera in
            #expect(camera.posts.count > 3)
            #expect(camera.snapshot.bodies.allSatisfy { $0 <= 32_767 && $0 > 0 })
        }
    }

    @Test("a camera that closes the POST after each request gets another for the next")
    func closedPosts() async throws {
        var behaviour = FakeTunnelCamera.Behaviour()
        behaviour.closesPostAfterRequest = true
        try await send(4, to: behaviour, waitsForClose: true) { camera in #expect(camera.posts.count == 4) }
    }
}
