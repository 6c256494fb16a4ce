import NIOCore
import RTSP
import Testing

@testable import RTSPTransport

@Suite("Middleware")
struct MiddlewareTests {
    private struct Stamp: RTSPMiddleware {
        let name: String

        func handle(
            _ request: RTSPRequest,
            context: RTSPRequestContext,
            next: @escaping Next
        ) -> EventLoopFuture<RTSPReply> {
            var request = request
            request.headers.add("Seen", name)
            let seen = request.headers.all("Seen").joined()
            return next(request, context).assumeIsolated().map { reply in
                var reply = reply
                reply.response.headers.add("Stamp", name + seen)
                return reply
            }.nonisolated()
        }
    }

    private struct Refuse: RTSPMiddleware {
        func handle(
            _ request: RTSPRequest,
            context: RTSPRequestContext,
            next: @escaping Next
        ) -> EventLoopFuture<RTSPReply> {
            guard request.method == .describe else { return next(request, context) }
            return context.eventLoop.assumeIsolated().makeSucceededFuture(RTSPReply(.forbidden))
        }
    }

    @Test("requests pass the links in order, answers come back the other way")
    func order() async throws {
        try await withServer(middleware: [Stamp(name: "a"), Stamp(name: "b"), LoggingMiddleware()]) { server in
            let peer = try await server.connect()
            peer.write("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
            try await peer.expectResponses(1)
            try await peer.expect("Stamp: bab\r\nStamp: aa\r\n")
            await peer.close()
        }
    }

    @Test("a link may answer itself, and the responder is not asked")
    func answering() async throws {
        try await withServer(middleware: [Refuse()]) { server in
            let peer = try await server.connect()
            peer.write("DESCRIBE * RTSP/1.0\r\nCSeq: 1\r\n\r\nOPTIONS * RTSP/1.0\r\nCSeq: 2\r\n\r\n")
            try await peer.expectResponses(2)
            #expect(peer.statuses == [403, 200])
            #expect(server.record.snapshot.requests == ["OPTIONS"])
            await peer.close()
        }
    }

    @Test(
        "the logged path has no user, no host and no query",
        arguments: [
            ("rtsp://user:secret@host:554/gate/sub?token=secret", "/gate/sub"),
            ("rtsp://host", "/"),
            ("rtsp://host?token=secret", "/"),
            ("*", "*"),
            ("/gate?token=secret", "/gate"),
            ("rtsp://user:se/cret@host/gate", "/gate"),
            ("", ""),
        ]
    )
    func path(uri: String, path: String) {
        #expect(LoggingMiddleware.path(of: uri) == path)
    }
}
