import Foundation
import HLS
import Ingest
import NIOCore
import Server
import TestSupport
import Testing

@Suite("Crowds over HTTP", .onQuietMachine)
struct WebCrowdTests {
    /// What five hundred burdens may cost: the pieces of the stream that wait for some of them, once for all, and some tens of kilobytes for
    /// each connection; in TLS another 64 KiB of what is its alone, and some tens of what TLS has.
    private static func mostForAll(isSecure: Bool) -> Int { (isSecure ? 112 : 64) << 20 }

    /// Memory of this process, in bytes.
    private static var residentBytes: Int {
        let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE)) : 0
    }

    @Test(
        "five hundred who do not read, or do not finish asking, cost bounded memory and others nothing",
        arguments: [false, true])
    func burden(isSecure: Bool) async throws {
        // Sockets take some megabytes, whoever reads them: what is sent has to be more.
        let film = try await Film.make(.noise, seconds: 2, group: 10)
        let camera = try await RecordedCamera.start(film, unixSeconds: Date().timeIntervalSince1970)
        let cameras = [CameraConfiguration.pulled("test", PullConfiguration(url: camera.url))]
        try await Self.withRelay(cameras, isSecure: isSecure) { relay in
            let steady = try await relay.viewer().watch(relay.url("test"))
            let good = HLSViewer(relay.webURL("test/"), .plain)
            let watching = Task { await good.watch() }
            try await eventually("both watch") {
                await good.segments.count >= 4 && !steady.packets(of: 0).isEmpty
            }
            try await Self.burden(relay, isSecure: isSecure, while: good, steady)
            await good.stop()
            watching.cancel()
            await watching.value
            let (problems, latest) = (await good.problems, await good.latest)
            #expect(problems == [])
            // A player has three segments in hand, and looks for the next after half a target duration.
            #expect(latest < 3, "a segment was there \(latest) s late")
            #expect(steady.packets(of: 0).gaps == [] && steady.packets(of: 1).gaps == [])
            #expect(steady.packets(of: 0).count > 500)
            #expect(relay.log.contains { $0.contains("via=websocket") && $0.contains("skipped_groups=") })
            #expect(relay.log.contains { $0.contains("via=live.mp4") && $0.contains("skipped_groups=") })
            try await steady.tearDown()
        }
        try await camera.stop()
    }

    private static func withRelay(
        _ cameras: [CameraConfiguration], isSecure: Bool, _ body: (RunningRelay) async throws -> Void
    ) async throws {
        let hls = HLSConfiguration(segmentDuration: .seconds(1))
        guard isSecure else {
            return try await IntegrationTests.withRelay(cameras, hls: hls) { relay in try await body(relay) }
        }
        try await Certificate.with { files, _ in
            try await IntegrationTests.withRelay(cameras, certificate: files, hls: hls) { relay in
                try await body(relay)
            }
        }
    }

    private static func burden(
        _ relay: RunningRelay, isSecure: Bool, while good: HLSViewer, _ steady: Watcher
    ) async throws {
        let port = (isSecure ? relay.relay.httpsAddress : relay.relay.httpAddress)?.port ?? 0
        let names = await good.segments.map(\.name)
        try await withTemporaryDirectory { folder in
            let before = residentBytes
            let already = await kept(good, steady)
            let crowd = try WebCrowd.burden(
                500, "test", segments: names, port: port, isSecure: isSecure, in: folder)
            try await eventually("all have begun", within: .seconds(30)) {
                crowd.lines.contains("begun") || !crowd.isRunning
            }
            let begin = NIODeadline.now()
            let seen = await good.segments.count
            // Beside them two who do read, by the same way.
            async let others = WebCrowd.watch("test", viewers: 2, seconds: 5, port: port, isSecure: isSecure)
            var most = 0
            try await eventually("six seconds have passed") {
                most = max(most, residentBytes)
                return NIODeadline.now() - begin > .seconds(6)
            }
            #expect(crowd.isRunning, "\(crowd.complaints)")
            // In this process are the good viewers, too, who keep all that they get; and segments may grow to their bound.
            let own = await kept(good, steady) - already + HLSConfiguration().memory
            #expect(
                most - before - own < mostForAll(isSecure: isSecure),
                "\((most - before) >> 20) MB more, \(own >> 20) of them expected")
            let fetched = await good.segments.count - seen
            #expect(fetched >= 4, "of six seconds there were \(fetched) segments")
            let (lines, complaints) = try await others
            #expect(complaints == [])
            #expect(lines.first?.hasPrefix("gaps 0 ") == true, "\(lines)")
            await crowd.stop()
        }
        try await eventually("they have left") { relay.logged("viewer left") > 100 }
    }

    private static func kept(_ good: HLSViewer, _ steady: Watcher) async -> Int {
        await good.segments.reduce(0) { $0 + $1.bytes.count }
            + steady.viewer.frames.elements.reduce(0) { $0 + $1.payload.count }
    }

    @Test(
        "two hundred who watch over WebSockets get every picture, in order; so do fifty in TLS",
        arguments: [false, true])
    func watchers(isSecure: Bool) async throws {
        try await Self.withRelay([.testCamera()], isSecure: isSecure) { relay in
            let port = (isSecure ? relay.relay.httpsAddress : relay.relay.httpAddress)?.port ?? 0
            let (lines, complaints) = try await WebCrowd.watch(
                "test", viewers: isSecure ? 50 : 200, seconds: 3, port: port, isSecure: isSecure)
            #expect(complaints == [])
            let numbers = lines.first?.split(separator: " ").compactMap { Int($0) } ?? []
            try #require(numbers.count == 3, "\(lines)")
            #expect(numbers[0] == 0, "gaps")
            #expect(numbers[1] >= 3 * 25 - 10 && numbers[2] - numbers[1] < 25, "\(lines)")
        }
    }
}
