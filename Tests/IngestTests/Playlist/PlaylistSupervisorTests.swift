import Foundation
import Logging
import Media
import NIOCore
import Reflector
import TestSupport
import Testing

@testable import Ingest

@Suite("A playlist and its files")
struct PlaylistSupervisorTests {
    /// Films of ffmpeg's, of half a second each.
    private static func film(
        _ name: String, in directory: URL, _ arguments: [String] = [], seconds: String = "0.4"
    ) async throws -> String {
        let path = directory.appendingPathComponent(name).path
        _ = try await OutsideTool("ffmpeg").output(
            [
                "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25", "-c:v", "libx264",
                "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-t", seconds,
            ] + arguments + ["-y", path], in: directory)
        return path
    }

    private struct Playing {
        let stream: Reflector.Stream
        let viewer: Locked<ViewerRecord>
        let log: LogRecord

        var pictures: Int { viewer.value.packets.count { $0.marker } }

        func heard(_ line: String) -> Int { log.lines.count { $0.contains(line) } }
    }

    private static func play(
        _ paths: [String], order: PlaylistOrder = .looped, onDemand: Bool = false,
        _ body: (Playing) async throws -> Void
    ) async throws {
        let log = LogRecord()
        let stream = try PullBench.stream(
            "channel", policy: StreamPolicy(onDemand: onDemand, linger: .zero), logger: log.logger)
        let items = paths.map { PlaylistItem.entry(PlaylistEntry(path: $0)) }
        let supervisor = PlaylistSupervisor(
            stream: stream, configuration: PlaylistConfiguration(items: items, order: order, onDemand: onDemand),
            wallClock: { 1_790_000_000 }, logger: log.logger)
        let task = Task { await supervisor.run() }
        let viewer = onDemand ? Locked(ViewerRecord()) : try await PullBench.watch(stream)
        let result: Result<Void, any Error>
        do { result = .success(try await body(.init(stream: stream, viewer: viewer, log: log))) } catch {
            result = .failure(error)
        }
        task.cancel()
        await task.value
        try await stream.close().get()
        try result.get()
    }

    @Test(
        "What is missing or broken is skipped with one line; what is left plays on, and files may go and come meanwhile"
    )
    func broken() async throws {
        try await withTemporaryDirectory { directory in
            let good = try await Self.film("good.mp4", in: directory)
            let broken = directory.appendingPathComponent("broken.mp4")
            try Data(repeating: 0x61, count: 5000).write(to: broken)
            let gone = directory.appendingPathComponent("gone.mp4")
            try await Self.play([broken.path, good, gone.path]) { playing in
                try await eventually("three rounds", within: .seconds(20)) { playing.heard("debug movie begins") >= 3 }
                #expect(playing.heard("error movie skipped") == 1)
                #expect(playing.heard("error playlist incomplete") == 1)
                #expect(playing.viewer.value.endings == 0 && playing.heard("info camera up") == 1)
                // Another film takes its place while it plays.
                let new = try await Self.film("new.mp4", in: directory, ["-s", "128x96"])
                _ = rename(new, good)
                try FileManager.default.moveItem(at: broken, to: gone)
                let rounds = playing.heard("debug movie begins")
                try await eventually("two rounds", within: .seconds(20)) {
                    playing.heard("debug movie begins") >= rounds + 2
                }
                #expect(playing.viewer.value.endings == 0 && playing.heard("info camera up") == 1)
            }
        }
    }

    @Test("A list of nothing that plays is tried again after a pause, not at once")
    func nothing() async throws {
        try await withTemporaryDirectory { directory in
            let late = directory.appendingPathComponent("late.mp4").path
            try await Self.play([late]) { playing in
                try await eventually("told") { playing.heard("error playlist incomplete") == 1 }
                let film = try await Self.film("film.mp4", in: directory)
                _ = rename(film, late)
                try await eventually("it plays", within: .seconds(10)) { playing.pictures > 0 }
                #expect(playing.heard("playlist incomplete") == 1)
            }
        }
    }

    @Test("A list that is empty while it is being saved leaves the channel on the air")
    func saving() async throws {
        try await withTemporaryDirectory { directory in
            _ = try await Self.film("film.mp4", in: directory)
            let list = directory.appendingPathComponent("list.m3u")
            try Data("film.mp4\n".utf8).write(to: list)
            try await Self.play([list.path]) { playing in
                try await eventually("it plays", within: .seconds(10)) { playing.pictures > 0 }
                try Data().write(to: list)
                try await eventually("told", within: .seconds(10)) { playing.heard("error playlist incomplete") == 1 }
                let rounds = playing.heard("debug movie begins")
                try await eventually("it goes on", within: .seconds(10)) {
                    playing.heard("debug movie begins") >= rounds + 3
                }
                #expect(playing.heard("camera down") == 0 && playing.viewer.value.endings == 0)
            }
        }
    }

    @Test("A list that does not loop ends where nothing is left of the movie at which it stopped")
    func onceResumed() async throws {
        var progress = PlaylistProgress(order: .once)
        let entry = PlaylistEntry(path: "/nonexistent/last.mp4")
        progress.begin([entry])
        var generator = SystemRandomNumberGenerator()
        #expect(progress.next(using: &generator) == entry)
        let output = ReadAhead()
        let position = PlaylistPosition(entry: entry, progress: progress, movieTime: 90_000)
        let configuration = PlaylistConfiguration(items: [.entry(entry)], order: .once, onDemand: true)
        let isRead = OwnThread.run {
            var projector = MovieProjector(configuration, from: position, into: output, logger: LogRecord().logger)
            projector.run()
        }
        #expect(isRead)
        try await eventually("something is told") { output.count > 0 }
        let finding = output.take(dueBy: nil)
        output.close()
        guard case .event(.over) = finding else {
            Issue.record("\(finding)")
            return
        }
    }

    @Test("On demand it plays for its viewers alone, and goes on where it stopped")
    func onDemand() async throws {
        try await withTemporaryDirectory { directory in
            let first = try await Self.film("1.mp4", in: directory)
            let second = try await Self.film("2.mp4", in: directory, ["-g", "5"], seconds: "30")
            try await Self.play([first, second], onDemand: true) { playing in
                #expect(playing.heard("camera up") == 0)
                let viewer = try await RecordingSession.begin(playing.stream)
                try await eventually("the second film", within: .seconds(20)) {
                    playing.heard("debug movie begins movie=\(second)") == 1 && viewer.record.value.packets.count > 20
                }
                viewer.leave()
                try await eventually("released") { playing.heard("info camera released") == 1 }
                let again = try await RecordingSession.begin(playing.stream)
                try await eventually("it goes on", within: .seconds(20)) { again.record.value.packets.count > 5 }
                #expect(playing.heard("debug movie begins movie=\(second)") == 2)
                #expect(playing.heard("debug movie begins movie=\(first)") == 1)
                again.leave()
            }
        }
    }

    @Test("A list that does not loop plays once and ends its viewers; movies of sound alone are played too")
    func once() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("sound.m4a").path
            _ = try await OutsideTool("ffmpeg").output(
                [
                    "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", "sine=sample_rate=48000:duration=0.4",
                    "-c:a",
                    "aac", path,
                ], in: directory)
            try await Self.play([path], order: .once) { playing in
                try await eventually("over", within: .seconds(20)) { playing.heard("info playlist over") == 1 }
                let packets = playing.viewer.value.packets
                // 0.4 s are 19 frames, and one that only warms the decoder up; the first may go before the viewer is on.
                #expect((18...21).contains(packets.count) && playing.viewer.value.endings == 1)
                #expect(zip(packets, packets.dropFirst()).allSatisfy { $1.timestamp &- $0.timestamp == 1024 })
            }
            try await Self.play([path], order: .once, onDemand: true) { playing in
                for showing in 1...2 {
                    let viewer = try await RecordingSession.begin(playing.stream)
                    try await eventually("over", within: .seconds(20)) {
                        playing.heard("info playlist over") == showing && viewer.record.value.endings == 1
                    }
                    #expect(viewer.record.value.packets.count >= 17, "from the top")
                    viewer.leave()
                }
            }
        }
    }
}

/// A viewer who comes and goes.
private struct RecordingSession {
    let record: Locked<ViewerRecord>
    private let viewer: NIOLoopBound<RecordingViewer>

    static func begin(_ stream: Reflector.Stream) async throws -> RecordingSession {
        let record = Locked(ViewerRecord())
        let viewer = try await stream.homeLoop.submit {
            let viewer = RecordingViewer(record: record)
            stream.subscribe(viewer, on: stream.homeLoop)
            return NIOLoopBound(viewer, eventLoop: stream.homeLoop)
        }.get()
        return RecordingSession(record: record, viewer: viewer)
    }

    func leave() { viewer.eventLoop.execute { [viewer] in viewer.value.leave() } }
}
