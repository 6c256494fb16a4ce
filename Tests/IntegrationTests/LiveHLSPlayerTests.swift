import Foundation
import HLS
import Ingest
import NIOCore
import Server
import TestSupport
import Testing

@Suite("Live HLS, as players play it", .onQuietMachine)
struct LiveHLSPlayerTests {
    private static let transport = HLSConfiguration(segmentDuration: .seconds(1), container: .mpegts)
    private static let fragments = HLSConfiguration(segmentDuration: .seconds(1), container: .fmp4)
    private static let parts = HLSConfiguration(
        segmentDuration: .seconds(1), partDuration: .milliseconds(300), playlistLength: 16)

    private static func camera(_ path: String, width: Int, height: Int, bitRate: Int) -> StreamConfiguration {
        StreamConfiguration(
            path: path,
            source: .testCamera(
                TestCameraConfiguration(
                    width: width, height: height, keyFrameInterval: .seconds(1), bitRate: bitRate)))
    }

    @Test("GStreamer and ffmpeg play segments of each kind without a gap, over HTTP and HTTPS")
    func players() async throws {
        let camera = CameraConfiguration(
            name: "test", streams: [Self.camera("test", width: 320, height: 180, bitRate: 200_000)])
        try await Certificate.with { files, _ in
            try await withRelay([camera], certificate: files, hls: Self.transport) { transport in
                try await withRelay([camera], certificate: files, hls: Self.fragments) { fragments in
                    try await withRelay([camera], certificate: files, hls: Self.parts) { parts in
                        let (plain, secure) = (
                            [transport, fragments, parts].map { $0.webURL("test/index.m3u8") },
                            [transport, fragments, parts].map { $0.secureWebURL("test/index.m3u8") }
                        )
                        try await Self.play(
                            gstreamer: [
                                (.playbin, plain[0]), (.playbin3, secure[1]), (.playbin, secure[0]),
                            ], ffmpeg: [secure[0], secure[1], plain[2]])
                    }
                }
            }
        }
    }

    private static func play(gstreamer: [(GStreamerHLSPlayer, String)], ffmpeg: [String]) async throws {
        try await withThrowingTaskGroup(of: (String, [String]).self) { group in
            for (player, url) in gstreamer {
                group.addTask { ("\(player) \(url)", try await player.complaints(playing: url, pictures: 50)) }
            }
            for url in ffmpeg {
                group.addTask { ("ffmpeg \(url)", try await Self.complaintsOfFFmpeg(url)) }
            }
            for try await (player, complaints) in group { #expect(complaints == [], "\(player)") }
        }
    }

    /// Decodes three seconds.
    private static func complaintsOfFFmpeg(_ url: String) async throws -> [String] {
        try await withTemporaryDirectory { folder in
            let ended = try await OutsideTool("ffmpeg").start(
                ["-nostdin", "-hide_banner", "-loglevel", "error"]
                    + (url.hasPrefix("https") ? ["-tls_verify", "0"] : [])
                    + ["-i", url, "-t", "3", "-f", "framecrc", "-"], in: folder
            ).ended(within: .seconds(40))
            let frames = FrameChecksums(ended.lines)
            let counts = [frames.times["video"]?.count ?? 0, frames.times["audio"]?.count ?? 0]
            return ended.complaints + (counts[0] >= 74 && counts[1] >= 130 ? [] : ["\(counts)"])
        }
    }

    @Test("a main and a sub stream are variants with the sizes and rates that they have, and Chromium plays them")
    func variants() async throws {
        let gate = CameraConfiguration(
            name: "gate",
            streams: [
                Self.camera("gate", width: 640, height: 360, bitRate: 800_000),
                Self.camera("gate/sub", width: 320, height: 180, bitRate: 150_000),
            ])
        try await withRelay([gate], hls: HLSConfiguration(segmentDuration: .seconds(1))) { relay in
            let viewers = ["gate/", "gate/sub/"].map { HLSViewer(relay.webURL($0), .plain) }
            let watching = viewers.map { viewer in Task { await viewer.watch() } }
            try await Browser.run { browser in
                try await browser.open(relay.webURL("nothing-here"))
                _ = try await browser.run(
                    """
                    const film = document.createElement("video");
                    [film.muted, film.autoplay, film.src] = [true, true, "/gate/index.m3u8"];
                    document.body.append(film);
                    film.play().catch(() => {});
                    """)
                try await eventually("Chromium plays one of them", within: .seconds(45)) {
                    guard let film = try await browser.films().first else { return false }
                    return [320, 640].contains(film.width) && film.time > 2 && film.soundBytes > 0
                }
            }
            try await Self.judgeVariants(of: relay, measured: viewers)
            for viewer in viewers { await viewer.stop() }
            for task in watching {
                task.cancel()
                await task.value
            }
            for viewer in viewers {
                let problems = await viewer.problems
                #expect(problems == [])
            }
        }
    }

    private static func judgeVariants(of relay: RunningRelay, measured viewers: [HLSViewer]) async throws {
        let url = relay.webURL("gate/index.m3u8")
        let text = try await WebFetcher().get(url).text
        let probed = try await withTemporaryDirectory { folder in
            try await OutsideTool("ffprobe").output(
                [
                    "-loglevel", "error", "-show_entries",
                    "program=program_id:program_tags=variant_bitrate:stream=codec_type,width,height", "-of", "json",
                    url,
                ], in: folder)
        }
        let root = try JSONSerialization.jsonObject(with: Data(probed)) as? [String: Any]
        let programs = root?["programs"] as? [[String: Any]] ?? []
        try #require(programs.count == 2, "\(text)")
        for (index, (width, height)) in [(640, 360), (320, 180)].enumerated() {
            let streams = programs[index]["streams"] as? [[String: Any]] ?? []
            #expect(streams.count == 2, "\(programs)")
            #expect(streams.contains { $0["width"] as? Int == width && $0["height"] as? Int == height }, "\(programs)")
            let line = text.split(separator: "\n").first { $0.contains("RESOLUTION=\(width)x\(height)") } ?? ""
            let rate = { (name: String) -> Double in
                let field = line.split { $0 == "," || $0 == ":" }.first { $0.hasPrefix("\(name)=") }
                return field.flatMap { Double($0.dropFirst(name.count + 1)) } ?? 0
            }
            let tags = programs[index]["tags"] as? [String: String]
            #expect(tags?["variant_bitrate"].flatMap(Double.init) ?? 0 > 0)
            let segments = await viewers[index].segments.suffix(6)
            let rates = segments.map { Double($0.bytes.count * 8) / $0.duration }
            let mean = rates.reduce(0, +) / Double(max(rates.count, 1))
            // What was looked at is not quite what was listed at that moment.
            #expect(abs(rate("BANDWIDTH") / (rates.max() ?? 1) - 1) < 0.2, "\(line) \(rates)")
            #expect(abs(rate("AVERAGE-BANDWIDTH") / mean - 1) < 0.2, "\(line) \(rates)")
        }
    }
}
