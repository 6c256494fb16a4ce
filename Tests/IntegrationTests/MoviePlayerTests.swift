import Egress
import Foundation
import HLS
import NIOCore
import TestSupport
import Testing

@testable import Server

@Suite("Movies as HLS, in players", .serialized, .onQuietMachine)
struct MoviePlayerTests {
    /// Six seconds of 150 pictures, a key picture each 0.8 s, and a tone.
    private static func film(_ name: String, _ coder: [String], in folder: URL) async throws {
        _ = try await OutsideTool("ffmpeg").output(
            [
                "-nostdin", "-y", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=6",
                "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=6", "-pix_fmt", "yuv420p", "-c:v",
                "libx264", "-preset", "ultrafast", "-g", "20",
            ] + coder + [name], in: folder)
    }

    /// Of the first film in the page.
    private static func value(_ name: String, in browser: Browser) async throws -> Double {
        let found = try await browser.run("return Number(document.querySelector('video').\(name))")
        return (found as? NSNumber)?.doubleValue ?? .nan
    }

    @Test("Chromium plays it with sound, goes on from the middle, and comes to the end")
    func chromium() async throws {
        try await withTemporaryDirectory { folder in
            try await Self.film("aac.mp4", ["-c:a", "aac"], in: folder)
            try await Self.film("law.mov", ["-ar", "8000", "-c:a", "pcm_mulaw"], in: folder)
            try await Self.film("mp3.mp4", ["-c:a", "libmp3lame"], in: folder)
            _ = try await OutsideTool("ffmpeg").output(
                [
                    "-nostdin", "-loglevel", "error", "-i", "aac.mp4", "-c", "copy", "-metadata:s:v", "rotate=90",
                    "turned.mp4",
                ], in: folder)
            try await IntegrationTests.withRelay([.testCamera()], media: MediaConfiguration(folder: folder.path)) {
                relay in
                try await Browser.run { browser in
                    for name in ["aac.mp4", "law.mov", "mp3.mp4", "turned.mp4"] {
                        try await browser.open(relay.webURL("nothing-here"))
                        try await Self.watch(name, width: name == "turned.mp4" ? 240 : 320, in: browser)
                    }
                }
            }
        }
    }

    /// Six seconds of parts in another order, which mostly begin between two key pictures.
    private static func edit(_ name: String, as edited: String, in folder: URL) throws {
        let edits: [EditedMovie.Edit] = [
            .init(1, from: 0.2), .init(0.6, from: 3.12), .init(0.8, from: 0.2), .init(0.6, from: 5),
            .init(2, from: 0.5), .init(1, from: 3.3),
        ]
        let bytes = try Array(Data(contentsOf: folder.appending(path: name)))
        try Data(EditedMovie.with(edits, for: bytes)).write(to: folder.appending(path: edited))
    }

    @Test("Several parts of an edit list play in Chromium and GStreamer as one movie of their length, with sound")
    func parts() async throws {
        try await withTemporaryDirectory { folder in
            try await Self.film("aac.mp4", ["-c:a", "aac", "-bf", "2"], in: folder)
            try Self.edit("aac.mp4", as: "parts.mp4", in: folder)
            for container in [HLSConfiguration.Container.mpegts, .fmp4] {
                try await IntegrationTests.withRelay(
                    [.testCamera()], media: MediaConfiguration(folder: folder.path),
                    hls: HLSConfiguration(segmentDuration: .seconds(1), container: container)
                ) { relay in
                    try await Browser.run { browser in
                        try await browser.open(relay.webURL("nothing-here"))
                        try await Self.watch("parts.mp4", in: browser)
                    }
                    for player in ["playbin", "playbin3"] {
                        let ended = try await OutsideTool(GStreamerPlayer.python).start(
                            ["-c", Self.gstreamer, player, relay.webURL("media/parts.mp4/index.m3u8")], in: folder
                        ).ended(within: .seconds(40))
                        let counts = ended.lines.last?.split(separator: " ").compactMap { Int($0) } ?? []
                        let about = "\(container) \(player): \(ended.lines) \(ended.complaints)"
                        // With those that are decoded only.
                        #expect(counts.first.map { (150...230).contains($0) } == true, "\(about)")
                        #expect(counts.last.map { (47_500...50_000).contains($0) } == true, "\(about)")
                    }
                }
            }
        }
    }

    private static func watch(_ name: String, width: Int = 320, in browser: Browser) async throws {
        _ = try await browser.run(
            """
            const film = document.createElement("video");
            [film.muted, film.autoplay, film.src] = [true, true, "/media/\(name)/index.m3u8"];
            document.body.append(film);
            film.play().catch(() => {});
            """)
        try await eventually("\(name) plays", within: .seconds(30)) {
            let film = try await browser.films().first
            return film?.width == width && film.map { $0.time > 0.5 && $0.soundBytes > 0 } == true
        }
        #expect(abs(try await value("duration", in: browser) - 6) < 0.1, "\(name)")
        let before = try await browser.films().first?.soundBytes ?? 0
        _ = try await browser.run("document.querySelector('video').currentTime = 3.5")
        try await eventually("\(name) goes on there", within: .seconds(20)) {
            let film = try await browser.films().first
            return film.map { $0.time > 4 && $0.soundBytes > before } == true
        }
        try await eventually("\(name) ends", within: .seconds(20)) {
            try await value("ended", in: browser) == 1
        }
        #expect(abs(try await value("currentTime", in: browser) - 6) < 0.2, "\(name)")
    }

    /// GStreamer's `playbin` or `playbin3`, which have another demultiplexer of HLS each: pictures and sound are counted as they come out.
    private static let gstreamer = """
        import gi, sys
        gi.require_version("Gst", "1.0")
        from gi.repository import Gst, GLib
        Gst.init(None)
        loop = GLib.MainLoop()
        player = Gst.ElementFactory.make(sys.argv[1])
        counts = {"video": 0, "audio": 0}
        def count(sink, buffer, pad, kind):
            counts[kind] += 1 if kind == "video" else buffer.get_size()
        raw = {"video": "identity", "audio": "audioconvert ! audioresample ! audio/x-raw,format=S16LE,channels=1,rate=8000"}
        for kind in counts:
            part = Gst.parse_bin_from_description(
                raw[kind] + " ! fakesink name=sink sync=false signal-handoffs=true", True)
            part.get_by_name("sink").connect("handoff", count, kind)
            player.set_property(kind + "-sink", part)
        def heard(bus, message):
            if message.type == Gst.MessageType.ERROR: print("ERROR", *message.parse_error(), file=sys.stderr)
            if message.type in (Gst.MessageType.ERROR, Gst.MessageType.EOS): loop.quit()
        bus = player.get_bus()
        bus.add_signal_watch()
        bus.connect("message", heard)
        player.set_property("uri", sys.argv[2])
        player.set_state(Gst.State.PLAYING)
        loop.run()
        print("counted", counts["video"], counts["audio"] // 2, flush=True)
        player.set_state(Gst.State.NULL)
        """

    @Test("GStreamer gets every picture and all sound of it, and ffmpeg finds nothing to warn of")
    func gstreamer() async throws {
        try await withTemporaryDirectory { folder in
            try await Self.film("aac.mp4", ["-c:a", "aac"], in: folder)
            try await Self.film("law.mov", ["-ar", "8000", "-c:a", "pcm_alaw"], in: folder)
            try await Self.film("mp3.mp4", ["-c:a", "libmp3lame"], in: folder)
            try await Self.film("alone.m4a", ["-vn", "-c:a", "aac"], in: folder)
            try await Self.film("alone.mov", ["-vn", "-ar", "8000", "-c:a", "pcm_mulaw"], in: folder)
            try await Self.film("alone.mp4", ["-vn", "-c:a", "libmp3lame"], in: folder)
            for container in [HLSConfiguration.Container.mpegts, .fmp4] {
                let configuration = HLSConfiguration(container: container)
                try await IntegrationTests.withRelay(
                    [.testCamera()], media: MediaConfiguration(folder: folder.path), hls: configuration
                ) { relay in
                    for name in ["aac.mp4", "law.mov", "mp3.mp4", "alone.m4a", "alone.mov", "alone.mp4"] {
                        let url = relay.webURL("media/\(name)/index.m3u8")
                        for player in ["playbin", "playbin3"] {
                            let ended = try await OutsideTool(GStreamerPlayer.python).start(
                                ["-c", Self.gstreamer, player, url], in: folder
                            ).ended(within: .seconds(40))
                            let counts = ended.lines.last?.split(separator: " ").compactMap { Int($0) } ?? []
                            let about = "\(name) \(container) \(player): \(ended.lines) \(ended.complaints)"
                            #expect(counts.first == (name.hasPrefix("alone") ? 0 : 150), "\(about)")
                            #expect(counts.last.map { (47_500...50_000).contains($0) } == true, "\(about)")
                        }
                        for (tool, arguments) in [
                            ("ffprobe", ["-show_format", "-show_streams", url]),
                            ("ffmpeg", ["-nostdin", "-i", url, "-f", "null", "-"]),
                        ] {
                            let ended = try await OutsideTool(tool).start(
                                ["-hide_banner", "-loglevel", "warning"] + arguments, in: folder
                            ).ended(within: .seconds(30))
                            #expect(ended.complaints == [] && ended.status == 0, "\(name) \(container) \(tool)")
                        }
                    }
                }
            }
        }
    }
}
