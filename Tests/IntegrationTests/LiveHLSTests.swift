import Foundation
import HLS
import Ingest
import NIOCore
import Server
import TestSupport
import Testing

@Suite("Live HLS of the whole server, while things happen to its cameras", .onQuietMachine)
struct LiveHLSTests {
    /// How HLS is made, one relay each.
    private static let ways: [HLSConfiguration] = [
        HLSConfiguration(segmentDuration: .seconds(1), container: .mpegts),
        HLSConfiguration(segmentDuration: .seconds(1), container: .fmp4),
        HLSConfiguration(segmentDuration: .seconds(1), partDuration: .milliseconds(300), playlistLength: 16),
    ]

    /// A publisher for some seconds.
    private struct Visit {
        var size: String
        var hasSound = true
        /// Seconds that its timestamps begin with, and by which they jump after two seconds.
        var offset = 0
        var jump = 0
        /// Pictures from one key frame to the next.
        var group = 25
        /// Without a word at its end.
        var isKilled = false

        func start(_ urls: [String], seconds: Int, in folder: URL) throws -> RunningTool {
            var arguments = [
                "-nostdin", "-hide_banner", "-loglevel", "error", "-re", "-f", "lavfi", "-i",
                "testsrc2=size=\(size):rate=25",
            ]
            if hasSound { arguments += ["-re", "-f", "lavfi", "-i", "sine"] }
            arguments += ["-map", "0:v"] + (hasSound ? ["-map", "1:a"] : []) + ["-t", "\(seconds + jump)"]
            if jump > 0 {
                arguments += ["-vf", "setpts=PTS+if(gte(T\\,2)\\,\(jump)/TB\\,0)", "-fps_mode", "passthrough"]
                if hasSound { arguments += ["-af", "asetpts=PTS+if(gte(T\\,2)\\,\(jump)/TB\\,0)"] }
            }
            arguments += [
                "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "\(group)", "-pix_fmt",
                "yuv420p", "-c:a", "aac", "-output_ts_offset", "\(offset)", "-flags", "+global_header", "-f", "tee",
                urls.map { "[f=rtsp:rtsp_transport=tcp]\($0)" }.joined(separator: "|"),
            ]
            return try OutsideTool("ffmpeg").start(arguments, in: folder)
        }
    }

    private static let visits = [
        Visit(size: "320x180", isKilled: true),
        Visit(size: "256x144", hasSound: false, offset: 5000),
        Visit(size: "256x144", jump: 100, group: 40),
        Visit(size: "320x180", hasSound: false, group: 12),
        Visit(size: "320x180", offset: 86_000, group: 60, isKilled: true),
    ]

    /// Runs for minutes where `HELIOGRAPH_CHURN_SECONDS` says so.
    private static let seconds = ProcessInfo.processInfo.environment["HELIOGRAPH_CHURN_SECONDS"].flatMap(Int.init)

    private static let steady = CameraConfiguration(
        name: "steady",
        streams: [
            StreamConfiguration(
                path: "steady",
                source: .testCamera(
                    TestCameraConfiguration(
                        width: 320, height: 180, frameRate: 10, keyFrameInterval: .seconds(1), bitRate: 100_000)))
        ])

    @Test("every playlist keeps the rules, and every file that it names is there and is what it says")
    func churn() async throws {
        try await withRelays(Self.ways) { relays in
            var viewers: [(label: String, viewer: HLSViewer)] = []
            for (way, relay) in zip(Self.ways, relays) {
                for path in ["van", "steady"] {
                    let base = relay.webURL("\(path)/")
                    let label = "\(path), \(way.container), parts \(way.partDuration != nil)"
                    viewers.append((label, HLSViewer(base, .plain)))
                    if way.partDuration != nil { viewers.append((label + ", blocking", HLSViewer(base, .blocking))) }
                }
            }
            let watching = viewers.map { viewer in Task { await viewer.viewer.watch() } }
            let count = try await Self.publish(to: relays)
            for (_, viewer) in viewers { await viewer.stop() }
            for task in watching {
                task.cancel()
                await task.value
            }
            for (label, viewer) in viewers { try await Self.judge(viewer, label, sources: count) }
        }
    }

    /// Publishers one after the other, all of them to all relays; returns how many.
    private static func publish(to relays: [RunningRelay]) async throws -> Int {
        try await withTemporaryDirectory { folder in
            var random = SeededGenerator(seed: 1)
            let deadline = NIODeadline.now() + .seconds(Int64(seconds ?? 0))
            var visits = Array(visits.prefix(3))
            var count = 0
            while let visit = visits.isEmpty ? Self.visits.randomElement(using: &random) : visits.removeFirst(),
                count < 3 || NIODeadline.now() < deadline
            {
                count += 1
                let length = seconds == nil ? (count == 1 ? 4 : 3) : Int.random(in: 3...15, using: &random)
                let publisher = try visit.start(relays.map { $0.url("van") }, seconds: length, in: folder)
                try await eventually("it publishes to all") {
                    relays.allSatisfy { $0.logged("publisher joined") >= count } || !publisher.isRunning
                }
                let end = NIODeadline.now() + .seconds(Int64(length))
                try await eventually("it has been there for a while", within: .seconds(60)) {
                    NIODeadline.now() > end
                }
                if visit.isKilled { await publisher.stop() } else { publisher.interrupt() }
                _ = try? await publisher.ended(within: .seconds(10))
                try await eventually("it is missed") { relays.allSatisfy { $0.logged("publisher left") >= count } }
            }
            return count
        }
    }

    private static func judge(_ viewer: HLSViewer, _ label: String, sources: Int) async throws {
        let problems = await viewer.problems
        #expect(problems == [], "\(label)")
        let checker = await viewer.checker
        let segments = await viewer.segments
        if Self.seconds != nil {
            print(
                label, "playlists", await viewer.playlists, "deltas", await viewer.deltas, "segments", segments.count,
                "parts", await viewer.parts, "hinted", await viewer.hinted, "refusals", await viewer.refusals, "breaks",
                checker.discontinuities, "lives", checker.lives)
        }
        if label.hasPrefix("van") {
            #expect(checker.discontinuities >= sources, "\(label)")
            // The target of parts changes with what pictures last.
            #expect(checker.lives == 1 || label.contains("parts true"), "\(label)")
        } else {
            #expect(
                checker.discontinuities == 1 && checker.lives == 1 && checker.dependentVersions == 0, "\(label)")
        }
        #expect(segments.count > 5, "\(label)")
        if label.hasSuffix("blocking") {
            let (deltas, hinted) = (await viewer.deltas, await viewer.hinted)
            #expect(hinted > 10, "\(label)")
            #expect(deltas > 0 || seconds == nil, "\(label)")
        }
        try await withTemporaryDirectory { folder in
            var judge = SegmentJudge(in: folder)
            // Of those who watch the same, one is enough; and where nothing happens, a short look.
            guard !label.hasSuffix("blocking") else { return }
            for segment in label.hasPrefix("van") ? segments : segments.suffix(3) { try await judge.look(at: segment) }
            #expect(judge.problems == [], "\(label)")
        }
    }

    private func withRelays(
        _ ways: [HLSConfiguration], started: [RunningRelay] = [], _ body: ([RunningRelay]) async throws -> Void
    ) async throws {
        guard let way = ways.first else { return try await body(started) }
        try await withRelay([.published("van"), Self.steady], hls: way) { relay in
            try await withRelays(Array(ways.dropFirst()), started: started + [relay], body)
        }
    }
}
