import Foundation
import HLS
import Ingest
import NIOCore
import Server
import TestSupport
import Testing

@Suite("Other codecs than browsers like best, in HLS and live", .serialized, .onQuietMachine)
struct LiveCodecTests {
    /// Publishes a flash and a beep each second, at the same moment.
    private static func publish(_ url: String, video: [String], sound: [String], in folder: URL) throws -> RunningTool {
        try OutsideTool("ffmpeg").start(
            [
                "-nostdin", "-hide_banner", "-loglevel", "error", "-re", "-f", "lavfi", "-i",
                "color=black:size=320x176:rate=25,drawbox=color=white:t=fill:enable='lt(mod(t,1),0.2)'", "-re", "-f",
                "lavfi", "-i", "aevalsrc='if(lt(mod(t,1),0.2),sin(2*PI*1000*t),0)':sample_rate=48000",
                "-pix_fmt", "yuv420p",
            ] + video + sound + ["-f", "rtsp", "-rtsp_transport", "tcp", url], in: folder)
    }

    private static let h265 =
        ["-c:v", "libx265", "-preset", "ultrafast", "-tune", "zerolatency"]
        + ["-x265-params", "log-level=error:keyint=25"]
    private static let h264 = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "25"]

    /// Four seconds, decoded: what is wrong with them, and how long after each flash its beep is, in seconds.
    private static func record(_ url: String, video: String, in folder: URL) async throws -> (
        complaints: [String], lags: [Double]
    ) {
        let file = folder.appending(path: "\(UUID().uuidString).mp4")
        let recorded = try await OutsideTool("ffmpeg").start(
            ["-nostdin", "-hide_banner", "-loglevel", "error", "-i", url, "-t", "4", "-c", "copy", file.path],
            in: folder
        ).ended(within: .seconds(40))
        var complaints = recorded.complaints + (try await FFmpeg.complaints(about: file))
        let codecs = try await OutsideTool("ffprobe").lines(
            ["-loglevel", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0", file.path], in: folder)
        if codecs != [video, "aac"] { complaints.append("\(codecs)") }
        let judged = try await OutsideTool("ffmpeg").start(
            [
                "-nostdin", "-hide_banner", "-i", file.path, "-vf", "blackdetect=d=0.3", "-af",
                "silencedetect=n=-20dB:d=0.3", "-f", "null", "-",
            ], in: folder
        ).ended(within: .seconds(30))
        let times = { (name: String) -> [Double] in
            judged.complaints.flatMap { $0.split(separator: " ").map(String.init).numbers(behind: name) }
        }
        let beeps = times("silence_end")
        let lags = times("black_end").compactMap { flash in
            beeps.map { $0 - flash }.min { abs($0) < abs($1) }
        }
        return (complaints, lags)
    }

    @Test("H.265 and Opus, and H.264 and L16, are whole and in step in HLS and live")
    func sound() async throws {
        let hls = HLSConfiguration(segmentDuration: .seconds(1))
        try await withRelay([.published("five"), .published("four")], hls: hls) { relay in
            try await withTemporaryDirectory { folder in
                let five = try Self.publish(
                    relay.url("five"), video: Self.h265, sound: ["-c:a", "libopus"], in: folder)
                let four = try Self.publish(
                    relay.url("four"), video: Self.h264, sound: ["-ac", "1", "-c:a", "pcm_s16be"], in: folder)
                try await eventually("both publish") { relay.logged("publisher joined") == 2 }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (path, codec) in [("five", "hevc"), ("four", "h264")] {
                        for file in ["live.mp4", "index.m3u8"] {
                            group.addTask {
                                let url = relay.webURL("\(path)/\(file)")
                                let (complaints, lags) = try await Self.record(url, video: codec, in: folder)
                                #expect(complaints == [], "\(url)")
                                #expect(lags.count >= 3 && lags.allSatisfy { abs($0) < 0.08 }, "\(url): \(lags)")
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                let (lines, complaints) = try await WebCrowd.watch(
                    "five", viewers: 2, seconds: 2, port: relay.relay.httpAddress?.port ?? 0)
                #expect(complaints == [] && lines.first?.hasPrefix("gaps 0 ") == true, "\(lines)")
                #expect(lines.dropFirst().first?.contains("codecs=\\\"hvc1.") == true, "\(lines)")
                await five.stop()
                await four.stop()
            }
        }
    }

    @Test("the page says why a stream cannot be shown, and shows still pictures of it")
    func refusals() async throws {
        try await withRelay([.published("five"), .published("stills")]) { relay in
            try await withTemporaryDirectory { folder in
                let five = try Self.publish(relay.url("five"), video: Self.h265, sound: ["-an"], in: folder)
                let stills = try OutsideTool("ffmpeg").start(
                    [
                        "-nostdin", "-hide_banner", "-loglevel", "error", "-re", "-f", "lavfi", "-i",
                        "testsrc2=size=320x176:rate=10", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-huffman", "default",
                        "-force_duplicated_matrix", "1", "-f", "rtsp", "-rtsp_transport", "tcp", relay.url("stills"),
                    ], in: folder)
                try await eventually("both publish") { relay.logged("publisher joined") == 2 }
                let words = "MJPEG cannot be shown"
                for file in ["index.m3u8", "video.m3u8", "live.mp4"] {
                    let answer = try await WebFetcher().get(relay.webURL("stills/\(file)"))
                    #expect(answer.status == 415 && answer.text.hasPrefix(words), "\(file): \(answer.text)")
                }
                try await Browser.run { browser in
                    try await Self.expect(words, in: browser, at: relay.webURL("stills/"))
                    try await Self.expectNewPictures("#stage img.still", in: browser)
                    try await Self.expect(
                        "H.265 cannot be shown by this browser", in: browser, at: relay.webURL("five/"))
                    try await Self.expectStillsOnWall(browser, at: relay.webURL(""))
                }
                await five.stop()
                await stills.stop()
            }
        }
    }

    /// The page of a camera says so.
    private static func expect(_ words: String, in browser: Browser, at url: String) async throws {
        try await browser.open(url)
        do {
            try await eventually("the page says why", within: .seconds(20)) {
                try await browser.text(of: "#says").hasPrefix(words)
            }
        } catch let error as TookTooLong {
            throw OutsideTool.Failure(description: "\(error): \(try await browser.text(of: "#says"))")
        }
    }

    private static func expectStillsOnWall(_ browser: Browser, at url: String) async throws {
        try await browser.open(url)
        try await eventually("both tiles say why", within: .seconds(20)) {
            try await browser.run(
                "return [...document.querySelectorAll('.tile .says')].filter((a) => a.textContent.includes('cannot be shown')).length"
            ) as? Int == 2
        }
        try await expectNewPictures(".tile img.still", in: browser)
    }

    private static func expectNewPictures(_ selector: String, in browser: Browser) async throws {
        var seen: Set<String> = []
        try await eventually("pictures follow each other", within: .seconds(20)) {
            let script = "const a = document.querySelector('\(selector)'); return a && a.naturalWidth ? a.src : ''"
            if let source = try await browser.run(script) as? String, !source.isEmpty { seen.insert(source) }
            return seen.count >= 2
        }
    }
}

extension [String] {
    /// The numbers that follow the name: `black_end:1.5`, or `silence_end: 1.5`.
    fileprivate func numbers(behind name: String) -> [Double] {
        indices.compactMap { index in
            guard self[index].hasPrefix("\(name):") else { return nil }
            let behind = self[index].dropFirst(name.count + 1)
            return Double(behind) ?? (index + 1 < count ? Double(self[index + 1]) : nil)
        }
    }
}
