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
    /// each connection.
    private static let mostForAll = 64 << 20

    /// Memory of this process, in bytes.
    private static var residentBytes: Int {
        let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE)) : 0
    }

    @Test("five hundred who do not read, or do not finish asking, cost bounded memory and others nothing")
    func burden() async throws {
        // Sockets take some megabytes, whoever reads them: what is sent has to be more.
        let film = try await Film.make(.noise, seconds: 2, group: 10)
        let camera = try await RecordedCamera.start(film, unixSeconds: Date().timeIntervalSince1970)
        let cameras = [CameraConfiguration.pulled("test", PullConfiguration(url: camera.url))]
        try await withRelay(cameras, hls: HLSConfiguration(segmentDuration: .seconds(1))) { relay in
            let steady = try await relay.viewer().watch(relay.url("test"))
            let good = HLSViewer(relay.webURL("test/"), .plain)
            let watching = Task { await good.watch() }
            try await eventually("both watch") {
                await good.segments.count >= 4 && !steady.packets(of: 0).isEmpty
            }
            try await Self.burden(relay, while: good, steady)
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

    private static func burden(_ relay: RunningRelay, while good: HLSViewer, _ steady: Watcher) async throws {
        let names = await good.segments.map(\.name)
        try await withTemporaryDirectory { folder in
            let before = residentBytes
            let already = await kept(good, steady)
            let crowd = try WebCrowd.burden(
                500, "test", segments: names, port: relay.relay.httpAddress?.port ?? 0, in: folder)
            try await eventually("all have begun") { crowd.lines.contains("begun") || !crowd.isRunning }
            let begin = NIODeadline.now()
            let seen = await good.segments.count
            var most = 0
            try await eventually("six seconds have passed") {
                most = max(most, residentBytes)
                return NIODeadline.now() - begin > .seconds(6)
            }
            #expect(crowd.isRunning, "\(crowd.complaints)")
            // In this process are the good viewers, too, who keep all that they get; and segments may grow to their bound.
            let own = await kept(good, steady) - already + HLSConfiguration().memory
            #expect(most - before - own < mostForAll, "\((most - before) >> 20) MB more, \(own >> 20) of them expected")
            let fetched = await good.segments.count - seen
            #expect(fetched >= 4, "of six seconds there were \(fetched) segments")
            await crowd.stop()
        }
        try await eventually("they have left") { relay.logged("viewer left") > 100 }
    }

    private static func kept(_ good: HLSViewer, _ steady: Watcher) async -> Int {
        await good.segments.reduce(0) { $0 + $1.bytes.count }
            + steady.viewer.frames.elements.reduce(0) { $0 + $1.payload.count }
    }

    @Test("two hundred who watch over WebSockets get every picture, in order")
    func watchers() async throws {
        try await withRelay([.testCamera()]) { relay in
            let (lines, complaints) = try await WebCrowd.watch(
                "test", viewers: 200, seconds: 3, port: relay.relay.httpAddress?.port ?? 0)
            #expect(complaints == [])
            let numbers = lines.first?.split(separator: " ").compactMap { Int($0) } ?? []
            try #require(numbers.count == 3, "\(lines)")
            #expect(numbers[0] == 0, "gaps")
            #expect(numbers[1] >= 3 * 25 - 10 && numbers[2] - numbers[1] < 25, "\(lines)")
        }
    }
}
