import Dispatch
import Foundation
import Load
import NIOCore
import RTSP
import TestSupport
import Testing

@Suite("The load tool at a relay", .onQuietMachine)
struct LoadToolTests {
    @Test("it watches the test camera many times at once, and loses nothing", arguments: [true, false])
    func testCamera(overTCP: Bool) async throws {
        try await withRelay([.testCamera()]) { relay in
            let target = try LoadTarget(relay.url("test"), allowingPublic: false)
            let transport: TransportSpecification.LowerTransport = overTCP ? .tcp : .udp
            var plan = LoadPlan(targets: [target], viewers: 8, transport: transport, window: .seconds(30))
            plan.settle = .milliseconds(200)
            plan.serverProcess = getpid()
            let report = try await run(plan) { $0.packets > 8 * 60 }
            #expect((report.established, report.failed, report.closed) == (8, 0, 0))
            #expect((report.lost, report.reordered, report.duplicates) == (0, 0, 0))
            // 25 pictures and some 47 packets of sound a second for each viewer.
            #expect(report.windowSeconds < 20)
            #expect(report.megabitsPerSecond > 1)
            #expect(try #require(report.firstRandomAccess.max) < 5000)
            let server = try #require(report.server)
            #expect(server.processorSeconds > 0)
            #expect(server.resident.during > 1000)
            try await eventually("every viewer has left") { try await relay.viewerCount(of: "test") == 0 }
            #expect(relay.logged("viewer left") == 8)
        }
    }

    @Test("paused viewers get nothing, and stay")
    func paused() async throws {
        try await withRelay([.testCamera()]) { relay in
            let target = try LoadTarget(relay.url("test"), allowingPublic: false)
            var plan = LoadPlan(targets: [target], viewers: 3, transport: .tcp, window: .milliseconds(300))
            plan.isPaused = true
            plan.settle = .milliseconds(300)
            let report = try await run(plan)
            #expect((report.established, report.closed, report.packets) == (3, 0, 0))
        }
    }

    /// On a thread of its own, for a run blocks.
    private func run(
        _ plan: LoadPlan,
        until isStopped: @escaping @Sendable (LoadProgress) -> Bool = { _ in false }
    ) async throws -> LoadReport {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try LoadRun(plan).run(isStopped: isStopped) })
            }
        }
    }
}
