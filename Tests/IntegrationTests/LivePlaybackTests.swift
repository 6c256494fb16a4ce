import Foundation
import NIOCore
import Server
import TestSupport
import Testing

@Suite("Live fragments over HTTP, as ffmpeg sees them", .onQuietMachine)
struct LivePlaybackTests {
    /// Stream, decode time and flags of each packet of the first seconds.
    private static func packets(_ url: String, seconds: Int, in folder: URL) async throws -> [[String]] {
        let file = folder.appending(path: "live.mp4")
        // Broken off by curl itself, as it never ends.
        let curl = try await OutsideTool("curl").start(
            ["--silent", "--insecure", "--no-buffer", "--max-time", "\(seconds)", "--output", file.path, url],
            in: folder
        ).ended(within: .seconds(20))
        #expect(curl.complaints.isEmpty)
        return try await OutsideTool("ffprobe").lines(
            [
                "-loglevel", "error", "-show_entries", "packet=stream_index,dts_time,flags", "-of", "csv=p=0",
                file.path,
            ], in: folder
        ).map { $0.split(separator: ",").map(String.init) }
    }

    @Test("The file begins with a key frame, has every picture and the sound, and ffmpeg decodes it without complaint")
    func file() async throws {
        try await withTemporaryDirectory { folder in
            try await Certificate.with { files, _ in
                try await withRelay([.testCamera()], certificate: files) { relay in
                    for url in [relay.webURL("test/live.mp4"), relay.secureWebURL("test/live.mp4")] {
                        let packets = try await Self.packets(url, seconds: 3, in: folder)
                        let pictures = packets.filter { $0[0] == "0" }
                        #expect(pictures.first?[2].hasPrefix("K") == true)
                        for (stream, step, least) in [("0", 0.04, 60), ("1", 0.0214, 100)] {
                            let found = packets.filter { $0[0] == stream }.compactMap { Double($0[1]) }
                            #expect(found.count > least, "stream \(stream)")
                            #expect(zip(found, found.dropFirst()).allSatisfy { $1 > $0 && $1 - $0 < step * 1.5 })
                        }
                    }
                    let complaints = try await OutsideTool("ffmpeg").start(
                        [
                            "-nostdin", "-loglevel", "error", "-t", "2", "-i", relay.webURL("test/live.mp4"), "-f",
                            "null", "-",
                        ], in: folder
                    ).ended(within: .seconds(20)).complaints
                    #expect(complaints.isEmpty)
                    try await eventually("lines in the log") {
                        relay.log.count { $0.contains("viewer left") && $0.contains("via=live.mp4") } == 3
                    }
                }
            }
        }
    }
}
