import Logging
import Media
import NIOCore
import RTSP
import RTSPTransport
import Reflector
import TestSupport

@testable import Egress

/// An RTSP server that takes whatever is published, and remembers it; what it answers can be changed.
final class RecordingServer: Sendable {
    struct Record: Sendable {
        var requests: [RTSPRequest] = []
        var frames: [(channel: UInt8, payload: [UInt8])] = []
        var connections = 0

        func count(_ method: RTSPMethod) -> Int { requests.count { $0.method == method } }
        var announcements: [RTSPRequest] { requests.filter { $0.method == .announce } }
        /// Of RTP packets, by their channel.
        func sequenceNumbers(on channel: UInt8) -> [UInt16] {
            frames.filter { $0.channel == channel }.map { UInt16($0.payload[2]) << 8 | UInt16($0.payload[3]) }
        }
    }

    /// `nil` answers as a server that takes everything.
    typealias Answer = @Sendable (RTSPRequest) -> RTSPResponse?

    private final class Responder: RTSPResponder {
        let record: Locked<Record>
        let answer: Answer

        init(_ record: Locked<Record>, _ answer: @escaping Answer) {
            self.record = record
            self.answer = answer
            record.change { $0.connections += 1 }
        }

        func respond(to request: RTSPRequest, context: RTSPRequestContext) -> EventLoopFuture<RTSPReply> {
            record.change { $0.requests.append(request) }
            if let response = answer(request) {
                return context.answer(RTSPReply(response, closesConnection: response.headers["Connection"] == "close"))
            }
            var response = RTSPResponse(.ok)
            if request.method == .setup {
                response.headers.add("Session", "12345678;timeout=60")
                response.headers.add("Transport", request.headers["Transport"] ?? "")
                context.control.sessionBegan()
            }
            return context.answer(response)
        }

        func received(_ frame: InterleavedFrame) {
            record.change { $0.frames.append((frame.channel, Array(frame.payload.readableBytesView))) }
        }

        func connectionClosed() {}
    }

    private let record = Locked(Record())
    private let listener: RTSPListener

    private init(_ answer: @escaping Answer) {
        let record = record
        listener = RTSPListener(
            configuration: RTSPListenerConfiguration(host: "127.0.0.1", port: 0), group: FakeViewer.group
        ) { _ in Responder(record, answer) }
    }

    var value: Record { record.value }
    var url: String { "rtsp://127.0.0.1:\(listener.localAddress?.port ?? 0)/in" }

    static func run(
        answer: @escaping Answer = { _ in nil }, _ body: (RecordingServer) async throws -> Void
    ) async throws {
        let server = RecordingServer(answer)
        try await server.listener.start()
        let result: Result<Void, any Error>
        do { result = .success(try await body(server)) } catch { result = .failure(error) }
        await server.listener.shutdown(within: .milliseconds(100))
        try result.get()
    }

    /// Runs `body` while a stream is pushed here, and ends the push.
    func pushed(
        _ stream: Reflector.Stream,
        logger: Logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
        _ body: (PushSupervisor) async throws -> Void
    ) async throws {
        let supervisor = PushSupervisor(
            name: "test", stream: stream, target: RTSPPushTarget(url: url, timeout: .seconds(5)),
            limiter: ConnectLimiter(), logger: logger)
        let running = Task { await supervisor.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body(supervisor)) } catch { result = .failure(error) }
        running.cancel()
        await running.value
        try result.get()
    }
}

extension Reflector.Stream {
    /// At home on a loop of the tests.
    static func forTests(
        _ path: String = "gate", relay: RelayIdentity = RelayIdentity(1), policy: StreamPolicy = StreamPolicy()
    ) throws -> Reflector.Stream {
        guard let path = StreamPath(path) else { throw CancellationError() }
        return Reflector.Stream(
            path: path, homeLoop: FakeViewer.group.next(), relay: relay, policy: policy,
            clock: StreamClock(
                now: { .now() },
                wallClock: { 1_700_000_000_000_000_000 + Int64(NIODeadline.now().uptimeNanoseconds) },
                random: { .random(in: .min ... .max) }
            ),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
    }
}
