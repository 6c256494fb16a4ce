import Dispatch
import NIOCore
import TestSupport
import Testing

@testable import Load

@Suite("A run against a server")
struct LoadRunTests {
    @Test(
        "every track is set up and counted, nothing is lost, and every session is torn down", arguments: [true, false])
    func wholeRun(overTCP: Bool) async throws {
        var behaviour = FakeCameraBehaviour(tracks: [.video(), .audio()])
        behaviour.challenges = [.sha256]
        try await withCamera(behaviour) { camera in
            var plan = try plan(camera.url.replacing("rtsp://", with: "rtsp://admin:s3cret@"), viewers: 3)
            plan.transport = overTCP ? .tcp : .udp
            plan.window = .seconds(30)
            let report = try await run(plan) { $0.packets > 30 }
            #expect((report.established, report.failed, report.closed) == (3, 0, 0))
            #expect((report.lost, report.reordered, report.duplicates) == (0, 0, 0))
            #expect(report.packets > 30)
            #expect(report.bytes > report.packets * 12)
            #expect(report.failures == [])
            #expect(report.isFlawless)
            #expect(report.firstPacket.max != nil && report.firstRandomAccess.max != nil)
            #expect(camera.requests("SETUP").count { $0["Authorization"] != nil } == 6)
            #expect(camera.requests("TEARDOWN").count == 3)
            try await eventually("the connections are closed") { camera.connectionsOpen == 0 }
        }
    }

    @Test("packets that are missing, late or twice are told, and in how many sessions")
    func losses() async throws {
        var behaviour = FakeCameraBehaviour(tracks: [.video().silenced])
        behaviour.answers["PLAY"] = { _ in
            .after([1, 2, 5, 4, 7, 7].flatMap { number -> [UInt8] in Self.frame(number: number) })
        }
        try await withCamera(behaviour) { camera in
            let report = try await run(try plan(camera.url, viewers: 2))
            #expect((report.lost, report.reordered, report.duplicates) == (4, 2, 2))
            #expect(report.lossySessions == 2)
            #expect(!report.isFlawless)
        }
    }

    @Test("a server that will not play gives each session's reason", arguments: Refusal.allCases)
    func refusals(_ refusal: Refusal) async throws {
        var behaviour = FakeCameraBehaviour()
        refusal.make(&behaviour)
        try await withCamera(behaviour) { camera in
            var plan = try plan(camera.url.replacing("rtsp://", with: "rtsp://admin:wr0ng@"), viewers: 2)
            plan.patience = .milliseconds(200)
            if refusal == .noUDP { plan.transport = .udp }
            let report = try await run(plan)
            #expect((report.established, report.failed) == (0, 2))
            #expect(report.failures.count == 1)
            #expect(report.failures.first?.contains(refusal.reason) == true, "\(report.failures)")
            #expect(report.failures.first?.hasSuffix("(2 sessions)") == true)
            #expect(!report.description.contains("wr0ng"))
            #expect(!report.isMeaningful)
        }
    }

    /// Ways not to play.
    enum Refusal: CaseIterable {
        case notFound, password, silence, closes, garbage, endless, noDescription, noUDP, setupCloses

        func make(_ behaviour: inout FakeCameraBehaviour) {
            switch self {
            case .notFound: behaviour.answers["DESCRIBE"] = { _ in .status(404, "Not Found") }
            case .password: behaviour.challenges = [.md5]
            case .silence: behaviour.answers["DESCRIBE"] = { _ in .silence }
            case .closes: behaviour.answers["OPTIONS"] = { _ in .close }
            case .garbage: behaviour.answers["OPTIONS"] = { _ in .raw(String(repeating: "?", count: 10_000)) }
            case .endless:
                behaviour.answers["DESCRIBE"] = { _ in
                    .raw("RTSP/1.0 200 OK\r\nCSeq: {cseq}\r\nContent-Length: 999999999\r\n\r\n")
                }
            case .noDescription: behaviour.answers["DESCRIBE"] = { _ in .status(200, "OK", body: "hello") }
            case .noUDP: behaviour.refusesUDP = true
            case .setupCloses: behaviour.answers["SETUP"] = { _ in .close }
            }
        }

        var reason: String {
            switch self {
            case .notFound: "DESCRIBE answered 404"
            case .password: "credentials refused"
            case .silence: "no answer to DESCRIBE"
            case .closes, .setupCloses: "the server closed the connection"
            case .garbage: "too many bytes that are no RTSP"
            case .endless: "body is too large"
            case .noDescription: "session description has no media"
            case .noUDP: "transport refused"
            }
        }
    }

    @Test("sessions the server ends are closed, not failed")
    func closedByServer() async throws {
        try await withCamera(FakeCameraBehaviour()) { camera in
            var plan = try plan(camera.url, viewers: 2)
            plan.window = .seconds(30)
            let dropping = Task {
                try await eventually("both play") { camera.requests("PLAY").count == 2 }
                try await camera.dropConnections()
            }
            let report = try await run(plan) { $0.closed == 2 }
            try await dropping.value
            #expect((report.established, report.failed, report.closed) == (2, 0, 2))
            #expect(report.failures.count == 1)
        }
    }

    @Test("paused sessions pause, and stay")
    func paused() async throws {
        var behaviour = FakeCameraBehaviour()
        behaviour.answers["PAUSE"] = { _ in .status(200, "OK") }
        try await withCamera(behaviour) { camera in
            var plan = try plan(camera.url, viewers: 2)
            plan.isPaused = true
            let report = try await run(plan)
            #expect((report.established, report.closed) == (2, 0))
            #expect(camera.requests("PAUSE").count == 2)
            #expect(camera.requests("TEARDOWN").count == 2)
        }
    }

    @Test("sessions that leave come again, each with times of its own")
    func churn() async throws {
        try await withCamera(FakeCameraBehaviour()) { camera in
            var plan = try plan(camera.url, viewers: 3)
            plan.churn = 50
            plan.window = .seconds(30)
            let report = try await run(plan) { _ in camera.requests("PLAY").count >= 10 }
            #expect(report.joins >= 5)
            #expect((report.established, report.failed, report.failedJoins, report.lost) == (3, 0, 0, 0))
            #expect(camera.requests("TEARDOWN").count >= report.joins)
            try await eventually("the connections are closed") { camera.connectionsOpen == 0 }
        }
    }

    @Test("the delay of stamped packets is told, from sending to reading")
    func stamped() async throws {
        var behaviour = FakeCameraBehaviour(tracks: [.video().silenced])
        behaviour.sendsSenderReports = false
        try await withCamera(behaviour) { camera in
            var plan = try plan(camera.url, viewers: 1)
            plan.isStamped = true
            plan.drain = .zero
            plan.window = .seconds(30)
            let sending = Task {
                var number: UInt16 = 0
                while !Task.isCancelled {
                    let sent = MonotonicClock.now() - 5_000_000
                    let stamp = (0..<8).map { UInt8(truncatingIfNeeded: sent >> UInt64(56 - 8 * $0)) }
                    let payload = [0x41, 0x9A] + Array("HELIOBNC".utf8) + stamp
                    number &+= 1
                    try await camera.send(Self.packet(number: number, payload: payload), track: 0)
                    try await Task.sleep(for: .milliseconds(2))
                }
            }
            let report = try await run(plan) { $0.packets > 20 }
            sending.cancel()
            let delay = try #require(report.delay)
            #expect(try #require(delay.p50) >= 5)
            let (p99, most) = (try #require(delay.p99), try #require(delay.max))
            #expect(most >= p99)
        }
    }

    @Test("a run that needs more open files than there may be does not begin, and tells how many it needs")
    func openFiles() throws {
        var plan = try plan("rtsp://127.0.0.1/a", viewers: 40)
        #expect(throws: Never.self) { try LoadRun.requireOpenFiles(64, for: plan) }
        plan.transport = .udp
        let error = #expect(throws: LoadRunError.self) { try LoadRun.requireOpenFiles(64, for: plan) }
        #expect(error?.description.contains("ulimit -n 128") == true)
    }

    @Test("two threads share the sessions")
    func threads() async throws {
        try await withCamera(FakeCameraBehaviour()) { camera in
            var plan = try plan(camera.url, viewers: 5)
            plan.threads = 2
            let report = try await run(plan)
            #expect((report.established, report.failed, report.lost) == (5, 0, 0))
        }
    }

    // MARK: Running

    private func plan(_ url: String, viewers: Int) throws -> LoadPlan {
        let target = try LoadTarget(url, allowingPublic: false)
        var plan = LoadPlan(targets: [target], viewers: viewers, transport: .tcp, window: .milliseconds(300))
        plan.settle = .zero
        return plan
    }

    private func withCamera(
        _ behaviour: FakeCameraBehaviour, _ body: (FakeCamera) async throws -> Void
    ) async throws {
        let camera = try await FakeCamera.start(behaviour)
        do {
            try await body(camera)
        } catch {
            try await camera.stop()
            throw error
        }
        try await camera.stop()
    }

    /// On a thread of its own, for a run blocks.
    private func run(
        _ plan: LoadPlan,
        until isStopped: @escaping @Sendable (LoadProgress) -> Bool = { _ in false }
    ) async throws -> LoadReport {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    with: Result { try LoadRun(plan).run(isStopped: isStopped) })
            }
        }
    }

    private static func packet(number: UInt16, payload: [UInt8] = [0x65, 0x88]) -> [UInt8] {
        [0x80, 96, UInt8(number >> 8), UInt8(number & 0xFF), 0, 0, 0, 0, 0, 0, 0, 1] + payload
    }

    private static func frame(number: UInt16) -> [UInt8] {
        let packet = packet(number: number)
        return [0x24, 0, 0, UInt8(packet.count)] + packet
    }
}
