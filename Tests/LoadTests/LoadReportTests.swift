import Foundation
import NIOCore
import RTSP
import Testing

@testable import Load

@Suite("What a run reports")
struct LoadReportTests {
    private func plan(stamped: Bool = false) throws -> LoadPlan {
        let target = try LoadTarget("rtsp://127.0.0.1/a", allowingPublic: false)
        var plan = LoadPlan(targets: [target, target], viewers: 4, transport: .tcp, window: .seconds(2))
        plan.isStamped = stamped
        return plan
    }

    private func json(_ report: LoadReport) throws -> [String: Any] {
        let bytes = try JSONEncoder().encode(report)
        return try #require(try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
    }

    @Test("the names of the JSON are those that scripts know, each always there")
    func names() throws {
        var report = LoadReport(LoadCounts(targets: 2), plan: try plan(stamped: true), windowSeconds: 2)
        report.server = LoadReport.Server(
            before: .init(), begin: .init(), end: .init(), after: .init(), counts: LoadCounts(targets: 2), viewers: 4)
        let found = try json(report)
        #expect(
            Set(found.keys) == [
                "viewers", "transport", "established", "failed", "closed", "window_s", "packets", "bytes", "mbit_per_s",
                "lost", "reordered", "duplicates", "lossy_sessions", "stalled_sessions", "joins", "failed_joins",
                "first_packet_ms", "first_random_access_ms", "jitter_ms", "delay_ms", "load_cpu_s", "failures",
                "server",
            ])
        for name in ["first_packet_ms", "first_random_access_ms", "jitter_ms"] {
            #expect(Set(try #require(found[name] as? [String: Any]).keys) == ["p50", "p95", "max"])
        }
        #expect(Set(try #require(found["delay_ms"] as? [String: Any]).keys) == ["p50", "p95", "p99", "max"])
        let server = try #require(found["server"] as? [String: Any])
        #expect(
            Set(server.keys) == [
                "cpu_s", "user_s", "system_s", "cpu_s_per_gbit", "cpu_ms_per_1000_packets", "run_queue_wait_s",
                "resident_kib",
            ])
        let resident = try #require(server["resident_kib"] as? [String: Any])
        #expect(Set(resident.keys) == ["before", "during", "after", "per_viewer"])
    }

    @Test("a run without loss is flawless, but not where nothing came, unless its sessions paused")
    func flawless() throws {
        var plan = try plan()
        var counts = LoadCounts(targets: 2)
        counts.established = 4
        #expect(!LoadReport(counts, plan: plan, windowSeconds: 2).isFlawless)
        plan.isPaused = true
        #expect(LoadReport(counts, plan: plan, windowSeconds: 2).isFlawless)
        plan.isPaused = false
        counts.packets = 1
        #expect(LoadReport(counts, plan: plan, windowSeconds: 2).isFlawless)
        counts.lost = 1
        #expect(!LoadReport(counts, plan: plan, windowSeconds: 2).isFlawless)
    }

    @Test("delay and server are left out where nobody asked for them")
    func absent() throws {
        let found = try json(LoadReport(LoadCounts(targets: 2), plan: try plan(), windowSeconds: 2))
        #expect(found["delay_ms"] == nil)
        #expect(found["server"] == nil)
    }

    @Test("the figures have the units their names tell")
    func units() throws {
        var counts = LoadCounts(targets: 2)
        counts.packets = 2000
        counts.bytes = 2_500_000
        counts.firstPacket.record(3_000_000)
        var report = LoadReport(counts, plan: try plan(), windowSeconds: 2)
        let end = ServerProcess.Reading(
            threads: [7: .init(running: 500_000_000, waiting: 250_000_000)], userTicks: 20, systemTicks: 30,
            residentKiB: 1400)
        report.server = LoadReport.Server(
            before: .init(residentKiB: 1000), begin: .init(), end: end, after: .init(residentKiB: 1100), counts: counts,
            viewers: 4)
        #expect(report.megabitsPerSecond == 10)
        #expect(report.firstPacket.max == 3)
        let server = try #require(report.server)
        #expect((server.processorSeconds, server.runQueueWaitSeconds) == (0.5, 0.25))
        #expect(server.secondsPerGigabit == 25)
        #expect(server.millisecondsPer1000Packets == 250)
        #expect((server.resident.before, server.resident.during, server.resident.after) == (1000, 1400, 1100))
        #expect(server.resident.perViewer == 100)
        #expect(report.description.contains("25.0 s a gigabit"))
    }

    @Test("a session is stalled that got less than the median of its own stream")
    func stalled() {
        var counts = LoadCounts(targets: 2)
        counts.sessionPackets = [[1000, 1000, 999, 981, 979], [10, 10, 9]]
        #expect(counts.stalledSessions == 2)
    }

    @Test("the first few reasons are told with their number, the others are counted")
    func reasons() {
        var reasons = FailureReasons()
        for _ in 0..<3 { reasons.note("no answer") }
        for number in 0..<9 { reasons.note("reason \(number)") }
        #expect(reasons.lines.first == "no answer (3 sessions)")
        #expect(reasons.lines.last == "other reasons (2)")
        var sum = FailureReasons()
        sum.add(reasons)
        sum.add(reasons)
        #expect(sum.lines.first == "no answer (6 sessions)")
        #expect(sum.lines.last == "other reasons (4)")
    }

    @Test("threads that end or begin inside the window take nothing away from the others")
    func threadsOfTheServer() {
        var begin = ServerProcess.Reading()
        begin.threads = [1: .init(running: 100, waiting: 10), 2: .init(running: 900, waiting: 90)]
        var end = begin
        end.threads = [1: .init(running: 150, waiting: 11), 3: .init(running: 30, waiting: 3)]
        #expect(end.schedule(since: begin) == .init(running: 80, waiting: 4))
        end.threads[2] = .init(running: 5, waiting: 1)
        #expect(end.schedule(since: begin) == .init(running: 85, waiting: 5))
    }

    @Test("a process is read out of the lines of proc, whatever its name holds")
    func process() throws {
        var reading = ServerProcess.Reading()
        let stat = "77 (a) 1 2 (b c) S 1 77 77 0 -1 4194560 9 0 0 0 1234 567 0 0 20 0 3 0 99 1000 2000 18446744073709"
        let hasTicks = reading.take(stat: stat)
        #expect(hasTicks)
        #expect((reading.userTicks, reading.systemTicks) == (1234, 567))
        let hasPages = reading.take(statm: "5000 250 100 1 0 300 0\n", pageSize: 4096)
        #expect(hasPages && reading.residentKiB == 1000)
        reading.take(schedstat: "1000 20 3\n", thread: 77)
        reading.take(schedstat: "500 7 3\n", thread: 78)
        #expect(reading.threads == [77: .init(running: 1000, waiting: 20), 78: .init(running: 500, waiting: 7)])
        let isCut = !reading.take(stat: "77 (a) S 1")
        #expect(isCut)
        #expect(throws: ServerProcessError.self) { try ServerProcess(identifier: 0).reading() }
    }
}
