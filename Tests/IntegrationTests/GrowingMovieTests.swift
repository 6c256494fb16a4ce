import Egress
import Foundation
import HLS
import NIOCore
import Server
import TestSupport
import Testing

@Suite("Movies that a recorder still writes", .serialized, .onQuietMachine)
struct GrowingMovieTests {
    /// A recording of 25 pictures a second, a fragment for each second, as it comes.
    private static func record(
        _ name: String, source: String = "testsrc2", in folder: URL
    ) throws -> RunningTool {
        try OutsideTool("ffmpeg").start(
            [
                "-nostdin", "-y", "-loglevel", "error", "-re", "-f", "lavfi", "-i",
                "\(source)=size=160x120:rate=25", "-re", "-f", "lavfi", "-i",
                "sine=frequency=440:sample_rate=48000:duration=60", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset",
                "ultrafast", "-tune", "zerolatency", "-g", "25", "-c:a", "aac", "-movflags", "frag_keyframe+empty_moov",
                "-flush_packets", "1", name,
            ], in: folder)
    }

    private static func size(_ name: String, in folder: URL) throws -> Int {
        try FileManager.default.attributesOfItem(atPath: folder.appending(path: name).path)[.size] as? Int ?? 0
    }

    private static func duration(_ url: String, in folder: URL) async throws -> Double {
        let lines = try await OutsideTool("ffprobe").lines(
            ["-loglevel", "error", "-show_entries", "format=duration", "-of", "csv=p=0", url], in: folder)
        return lines.first.flatMap(Double.init) ?? 0
    }

    /// When each picture is shown that ffmpeg gets.
    private static func pictures(_ input: [String], in folder: URL) async throws -> [Double] {
        try await OutsideTool("ffmpeg").lines(
            ["-nostdin", "-loglevel", "error"] + input
                + ["-map", "0:v", "-fps_mode", "passthrough", "-f", "framecrc", "-"], in: folder
        ).filter { !$0.hasPrefix("#") }.compactMap { line in
            let fields = line.split(separator: ",").map { $0.drop { $0 == " " } }
            return fields.count == 6 ? Double(fields[2]) : nil
        }
    }

    @Test("Over RTSP it plays to the end that was known when it was described, and is longer for who asks later")
    func sessions() async throws {
        try await withTemporaryDirectory { folder in
            let recorder = try Self.record("a.mp4", in: folder)
            try await withRelay([.testCamera()], media: MediaConfiguration(folder: folder.path)) { relay in
                let url = relay.url("media/a.mp4")
                try await eventually("three seconds are there", within: .seconds(20)) {
                    let length = try? await Self.duration(url, in: folder)
                    return length.map { $0 >= 3 } == true
                }
                let before = try Self.size("a.mp4", in: folder)
                try await withThrowingTaskGroup(of: Void.self) { tasks in
                    for transport in ["tcp", "udp"] {
                        tasks.addTask {
                            let times = try await Self.pictures(["-rtsp_transport", transport, "-i", url], in: folder)
                            #expect(times.count >= 75 && times.count % 25 == 0, "\(times.count) by \(transport)")
                        }
                    }
                    try await tasks.waitForAll()
                }
                #expect(try Self.size("a.mp4", in: folder) > before)
                #expect(relay.logged("movie breaks off") == 0)
                #expect(try await Self.duration(url, in: folder) >= 6)
            }
            await recorder.stop()
        }
    }

    @Test("As HLS all segments of a playlist are there, and the same, while it grows; a later playlist has more")
    func segments() async throws {
        try await withTemporaryDirectory { folder in
            let recorder = try Self.record("a.mp4", in: folder)
            try await withRelay(
                [.testCamera()], media: MediaConfiguration(folder: folder.path),
                hls: HLSConfiguration(segmentDuration: .seconds(1))
            ) { relay in
                let fetcher = WebFetcher()
                let base = relay.webURL("media/a.mp4/")
                func names() async throws -> [String] {
                    let answer = try await fetcher.get(base + "video.m3u8")
                    guard answer.status == 200 else { return [] }
                    return answer.text.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") }
                }
                try await eventually("three segments are there", within: .seconds(20)) { try await names().count >= 3 }
                let first = try await names()
                var bytes: [String: [UInt8]] = [:]
                for name in first {
                    let answer = try await fetcher.get(base + name)
                    #expect(answer.status == 200, "\(name)")
                    bytes[name] = answer.body
                }
                try await eventually("it has grown", within: .seconds(20)) {
                    try await names().count >= first.count + 3
                }
                for name in first.reversed() {
                    let answer = try await fetcher.get(base + name)
                    #expect(answer.status == 200 && answer.body == bytes[name], "\(name)")
                }
                // One that is made only now.
                let url = base + "index.m3u8"
                let times = try await Self.pictures(["-i", url], in: folder)
                #expect(times.count >= 150 && times.count % 25 == 0, "\(times.count)")
                await recorder.stop()
                // Another recording over it: the old names are gone.
                let other = try Self.record("a.mp4", source: "mandelbrot", in: folder)
                try await eventually("another one is there", within: .seconds(20)) {
                    let now = try await names()
                    return (1..<first.count).contains(now.count)
                }
                let late = try await fetcher.get(base + first[0])
                #expect(late.status == 404)
                await other.stop()
            }
        }
    }
}
