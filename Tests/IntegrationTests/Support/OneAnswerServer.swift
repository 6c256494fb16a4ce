import NIOCore
import NIOPosix
import RTSP
import RTSPTransport
import TestSupport

/// An RTSP server that has one answer to everything, and counts how often it is asked.
final class OneAnswerServer: Sendable {
    private let listener: RTSPListener
    private let asked: Locked<Int>

    private init(_ response: RTSPResponse) {
        let asked = Locked(0)
        self.asked = asked
        listener = RTSPListener(
            configuration: RTSPListenerConfiguration(host: "127.0.0.1", port: 0),
            group: .singletonMultiThreadedEventLoopGroup
        ) { _ in Responder(response, asked) }
    }

    var url: String { "rtsp://127.0.0.1:\(listener.localAddress?.port ?? 0)/in" }

    var requests: Int { asked.value }

    static func run(_ response: RTSPResponse, _ body: (OneAnswerServer) async throws -> Void) async throws {
        let server = OneAnswerServer(response)
        try await server.listener.start()
        let result: Result<Void, any Error>
        do { result = .success(try await body(server)) } catch { result = .failure(error) }
        await server.listener.shutdown(within: .milliseconds(100))
        try result.get()
    }

    private final class Responder: RTSPResponder {
        private let response: RTSPResponse
        private let asked: Locked<Int>

        init(_ response: RTSPResponse, _ asked: Locked<Int>) {
            self.response = response
            self.asked = asked
        }

        func respond(to request: RTSPRequest, context: RTSPRequestContext) -> EventLoopFuture<RTSPReply> {
            asked.change { $0 += 1 }
            return context.answer(response)
        }

        func received(_ frame: InterleavedFrame) {}

        func connectionClosed() {}
    }
}
