import NIOCore
import NIOPosix
import RTSP
import Synchronization
import Testing

@testable import RTSPTransport

/// What the responders of a test saw, from all loops.
final class ResponderRecord: Sendable {
    struct Events: Sendable {
        var made = 0
        var closed = 0
        var stops = 0
        var requests: [String] = []
        var frames: [InterleavedFrame] = []
        var held: [HeldAnswer] = []
        /// At each PLAY, whether a fan-out may send past the connection's writer.
        var seats: [Bool] = []
    }

    private let events = Mutex(Events())

    var snapshot: Events { events.withLock { $0 } }

    func note(_ change: (inout Events) -> Void) {
        events.withLock { change(&$0) }
    }

    /// Answers the requests of method HOLD.
    func releaseHeld() {
        let held = events.withLock { events in
            defer { events.held = [] }
            return events.held
        }
        for answer in held { answer.release() }
    }
}

struct HeldAnswer: Sendable {
    let promise: EventLoopPromise<Void>

    func release() {
        promise.succeed()
    }
}

/// Answers by method: HOLD when the test says so, FAIL with a failed future, SETUP and TEARDOWN begin and end a session,
/// PLAY sends a frame behind its answer, LEAVE closes; anything else gets 200.
final class ScriptedResponder: RTSPResponder {
    private let record: ResponderRecord

    struct Failure: Error {}

    init(record: ResponderRecord) {
        self.record = record
        record.note { $0.made += 1 }
    }

    func respond(to request: RTSPRequest, context: RTSPRequestContext) -> EventLoopFuture<RTSPReply> {
        record.note { $0.requests.append(request.method.rawValue) }
        let loop = context.eventLoop.assumeIsolated()
        var reply = RTSPReply(.ok)
        switch request.method.rawValue {
        case "HOLD":
            let promise = context.eventLoop.makePromise(of: Void.self)
            record.note { $0.held.append(HeldAnswer(promise: promise)) }
            return promise.futureResult.map { RTSPReply(.ok) }
        case "FAIL":
            return loop.makeFailedFuture(Failure())
        case "SETUP":
            context.control.sessionBegan()
        case "TEARDOWN":
            context.control.sessionEnded()
        case "LEAVE":
            context.control.close()
        case "PLAY":
            let record = record
            reply.written = {
                record.note { $0.seats.append(context.writer.canTakeSeat) }
                context.writer.send(ByteBuffer(bytes: [0x24, 0, 0, 4, 1, 2, 3, 4]))
            }
        default:
            reply.response.headers.add("Public", "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN")
        }
        return loop.makeSucceededFuture(reply)
    }

    func received(_ frame: InterleavedFrame) {
        record.note { $0.frames.append(frame) }
    }

    func connectionWillClose() {
        record.note { $0.stops += 1 }
    }

    func connectionClosed() {
        record.note { $0.closed += 1 }
    }
}

/// A listener on a loopback port with scripted responders.
struct TestServer: Sendable {
    let listener: RTSPListener
    let record: ResponderRecord
    let address: SocketAddress
    let group: any EventLoopGroup

    func connect() async throws -> TestPeer {
        try await TestPeer.connect(to: address, on: group)
    }
}

func withServer(
    limits change: (inout ConnectionLimits) -> Void = { _ in },
    middleware: [any RTSPMiddleware] = [],
    certificate: CurrentCertificate? = nil,
    _ body: (TestServer) async throws -> Void
) async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    var configuration = RTSPListenerConfiguration(host: "127.0.0.1", port: 0)
    change(&configuration.limits)
    let record = ResponderRecord()
    let listener = RTSPListener(
        configuration: configuration,
        secure: certificate.map { SecurePort(host: "127.0.0.1", port: 0, certificate: $0) },
        group: group, middleware: middleware
    ) { _ in
        ScriptedResponder(record: record)
    }
    try await listener.start()
    let address = try #require(listener.localAddress)
    let outcome: Result<Void, any Error>
    do {
        try await body(TestServer(listener: listener, record: record, address: address, group: group))
        outcome = .success(())
    } catch {
        outcome = .failure(error)
    }
    await listener.shutdown(within: .milliseconds(200))
    try await group.shutdownGracefully()
    try outcome.get()
}
