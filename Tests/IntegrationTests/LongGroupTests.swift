import Foundation
import HLS
import Ingest
import NIOCore
import Server
import TestSupport
import Testing

@Suite("Cameras whose key frames are far apart, over HTTP", .onQuietMachine)
struct LongGroupTests {
    /// A camera that publishes ten pictures a second.
    private struct Camera {
        var name: String
        /// What x264 is told.
        var options: [String]

        /// Pictures from one key frame to the next.
        static func every(_ pictures: Int, _ name: String) -> Camera {
            Camera(name: name, options: ["-g", "\(pictures)", "-sc_threshold", "0"])
        }

        func start(_ relay: RunningRelay, in folder: URL) throws -> RunningTool {
            try OutsideTool("ffmpeg").start(
                [
                    "-nostdin", "-hide_banner", "-loglevel", "error", "-re", "-f", "lavfi", "-i",
                    "testsrc2=size=320x180:rate=10", "-re", "-f", "lavfi", "-i", "sine", "-c:v", "libx264", "-preset",
                    "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p",
                ] + options + ["-c:a", "aac", "-f", "rtsp", "-rtsp_transport", "tcp", relay.url(name)], in: folder)
        }
    }

    private static let cameras: [Camera] = [
        .every(40, "four"), .every(100, "ten"), .every(600, "minute"), .every(1_000_000, "never"),
        Camera(name: "refresh", options: ["-g", "50", "-x264-params", "intra-refresh=1"]),
        // As smart codecs have it: now and then, when something happens.
        Camera(
            name: "smart", options: ["-g", "1000", "-force_key_frames", "1.5,3.1,11,12,13,25,26.5,40,41,55,56,57"]),
    ]

    private static func withCameras(
        _ names: [String], _ hls: HLSConfiguration, _ body: (RunningRelay) async throws -> Void
    ) async throws {
        let cameras = cameras.filter { names.contains($0.name) }
        try await withRelay(cameras.map { .published($0.name) }, hls: hls) { relay in
            try await withTemporaryDirectory { folder in
                let publishers = try cameras.map { try $0.start(relay, in: folder) }
                try await eventually("all publish") { relay.logged("publisher joined") == cameras.count }
                try await body(relay)
                for publisher in publishers { await publisher.stop() }
            }
        }
    }

    @Test("No picture is lost, the target duration stays, and who comes first does not wait longer than for others")
    func judged() async throws {
        async let whole: Void = Self.judge(part: nil)
        async let parts: Void = Self.judge(part: 500)
        _ = try await (whole, parts)
    }

    /// `part` in milliseconds; all goes on in real time.
    private static func judge(part: Int64?) async throws {
        let hls = HLSConfiguration(partDuration: part.map { .milliseconds($0) }, playlistLength: part == nil ? 6 : 10)
        try await withCameras(cameras.map(\.name), hls) { relay in
            let viewers = cameras.map { camera in
                (camera.name, HLSViewer(relay.webURL("\(camera.name)/"), part == nil ? .plain : .blocking))
            }
            let watching = viewers.map { _, viewer in Task { await viewer.watch() } }
            let begin = NIODeadline.now()
            try await eventually("some time has passed", within: .seconds(60)) {
                NIODeadline.now() - begin > .seconds(45)
            }
            for (_, viewer) in viewers { await viewer.stop() }
            for task in watching {
                task.cancel()
                await task.value
            }
            for (name, viewer) in viewers { try await judge(viewer, name) }
        }
    }

    private static func judge(_ viewer: HLSViewer, _ name: String) async throws {
        let (problems, refusals) = (await viewer.problems, await viewer.refusals)
        #expect(problems == [] && refusals == 0, "\(name)")
        let checker = await viewer.checker
        #expect(checker.lives == 1 && checker.discontinuities == 1, "\(name)")
        #expect((checker.dependentVersions == 0) == ["four", "refresh"].contains(name), "\(name)")
        let segments = await viewer.segments
        let seconds = segments.reduce(0) { $0 + $1.duration }
        #expect(seconds > 30, "\(name): \(segments.map(\.duration))")
        // That each goes on where the one before ended, and lasts as long as it is said to.
        try await withTemporaryDirectory { folder in
            var judge = SegmentJudge(in: folder)
            for segment in segments { try await judge.look(at: segment) }
            #expect(judge.problems == [], "\(name)")
        }
    }

    @Test(
        "The page plays a camera with a key frame every minute on and on, and throws nothing away that it still needs")
    func page() async throws {
        try await Self.withCameras(["minute"], HLSConfiguration()) { relay in
            try await Browser.run { browser in
                try await browser.open(relay.webURL("minute/"))
                try await browser.expectPlaying(1)
                let begin = try await browser.films().first?.time ?? 0
                // Longer than anything behind it is kept where key frames are close together.
                try await eventually("half a minute of one group", within: .seconds(60)) {
                    let film = try await browser.films().first
                    return film.map { $0.time - begin > 30 } ?? false
                }
                try await browser.expectPlaying(1)
                #expect(try await browser.text(of: "#says") == "")
                let film = "const film = document.querySelector('video'); "
                // Nothing was begun anew: all of the group is there, in one piece.
                let kept = try await browser.run(
                    "\(film) return [film.buffered.length, film.currentTime - film.buffered.start(0)];")
                #expect((kept as? [NSNumber])?.first?.intValue == 1)
                #expect((kept as? [NSNumber])?.last?.doubleValue ?? 0 > 30)
            }
        }
    }

    @Test("ffmpeg, GStreamer and Chromium play a camera with a key frame every ten seconds, from the first request on")
    func players() async throws {
        async let transportStream: Void = Self.play(.mpegts)
        async let fragments: Void = Self.play(.fmp4)
        _ = try await (transportStream, fragments)
    }

    private static func play(_ container: HLSConfiguration.Container) async throws {
        try await withCameras(["ten"], HLSConfiguration(container: container)) { relay in
            let url = relay.webURL("ten/index.m3u8")
            try await chromium(plays: "/ten/index.m3u8", of: relay)
            try await eventually("players begin with a whole group", within: .seconds(60)) {
                let text = try await WebFetcher().get(relay.webURL("ten/video.m3u8")).text
                return try ReadPlaylist(parsing: text).whole.suffix(3).allSatisfy { $0.duration > 9_900_000 }
            }
            let player = container == .mpegts ? GStreamerHLSPlayer.playbin : .playbin3
            let complaints = try await player.complaints(playing: url, pictures: 50)
            #expect(complaints == [])
            for url in [url, relay.webURL("ten/live.mp4")] { try await ffmpeg(plays: url) }
        }
    }

    /// Five seconds, from the first picture on.
    private static func ffmpeg(plays url: String) async throws {
        try await withTemporaryDirectory { folder in
            let ended = try await OutsideTool("ffmpeg").start(
                ["-nostdin", "-hide_banner", "-loglevel", "error", "-i", url, "-t", "5", "-f", "framecrc", "-"],
                in: folder
            ).ended(within: .seconds(40))
            #expect(ended.complaints == [], "\(url)")
            #expect(FrameChecksums(ended.lines).times["video"]?.count ?? 0 >= 49, "\(url)")
        }
    }

    private static func chromium(plays file: String, of relay: RunningRelay) async throws {
        try await Browser.run { browser in
            try await browser.open(relay.webURL("nothing-here"))
            _ = try await browser.run(
                """
                const film = document.createElement("video");
                [film.muted, film.autoplay, film.src] = [true, true, "\(file)"];
                document.body.append(film);
                film.play().catch(() => {});
                """)
            try await eventually("Chromium plays \(file)", within: .seconds(60)) {
                guard let film = try await browser.films().first else { return false }
                return film.width == 320 && film.time > 15
            }
        }
    }
}
