import Egress
import Foundation
import TestSupport
import Testing

@Suite("Ranges of movies in SMPTE times", .onQuietMachine)
struct MovieRangeTests {
    private struct Range: Sendable {
        let asked: String
        /// The pictures of the file that come of it.
        let pictures: Swift.Range<Int>
        let answered: String
    }

    /// Pictures that are all key pictures, `rate` of them a second.
    private static func film(_ name: String, rate: String, seconds: Int, in folder: URL) async throws {
        _ = try await OutsideTool("ffmpeg").output(
            [
                "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i",
                "testsrc2=size=64x48:rate=\(rate):duration=\(seconds),noise=alls=60:allf=t", "-pix_fmt", "yuv420p",
                "-c:v", "libx264",
                "-preset", "ultrafast", "-g", "1", name,
            ], in: folder)
    }

    /// The sums of the pictures that ffmpeg decodes, in order.
    private static func sums(of name: String, in folder: URL) async throws -> [Substring] {
        try await OutsideTool("ffmpeg").lines(
            [
                "-nostdin", "-loglevel", "error", "-i", name, "-map", "0:v", "-fps_mode", "passthrough", "-f",
                "framemd5", "-",
            ], in: folder
        ).filter { !$0.hasPrefix("#") }.compactMap { $0.split(separator: ",").last?.drop { $0 == " " } }
    }

    /// What a viewer is sent for a range, decoded by ffmpeg, and what it is told.
    private static func play(_ range: String, of url: String, in folder: URL) async throws -> (String?, [Substring]) {
        let port = try #require(URL(string: url)?.port)
        let viewer = try await FakeViewer.connect(port: port)
        let transport = ("Transport", "RTP/AVP/TCP;unicast;interleaved=0-1")
        let setup = try await viewer.request("SETUP", url + "/trackID=0", [transport])
        let headers = [("Session", try #require(setup.session)), ("Range", range), ("Speed", "4")]
        let answer = try await viewer.request("PLAY", url, headers)
        #expect(answer.status == 200, "\(range)")
        _ = try await viewer.frames.next { $0.channel == 1 && saysGoodbye($0.payload) }
        let packets = viewer.frames.elements.filter { $0.channel == 0 }.compactMap(ReceivedPacket.init)
        #expect(packets.gaps.isEmpty)
        await viewer.close()
        let name = UUID().uuidString + ".h264"
        try Data(packets.annexB).write(to: folder.appending(path: name))
        return (answer["Range"], try await sums(of: name, in: folder))
    }

    private static func expect(_ ranges: [Range], of name: String, count: Int, in folder: URL) async throws {
        try await withRelay([.testCamera()], media: MediaConfiguration(folder: folder.path)) { relay in
            let all = try await sums(of: name, in: folder)
            #expect(all.count == count && Set(all).count == count)
            for range in ranges {
                let seen = try await play(range.asked, of: relay.url("media/\(name)"), in: folder)
                #expect(seen.0 == range.answered)
                #expect(seen.1 == Array(all[range.pictures]), "\(range.asked)")
            }
        }
    }

    @Test("Drop-frame numbers name the pictures of a film of 29.97 a second, where a minute leaves out two of them too")
    func dropFrame() async throws {
        try await withTemporaryDirectory { folder in
            try await Self.film("ntsc.mp4", rate: "30000/1001", seconds: 62, in: folder)
            try await Self.expect(
                [
                    Range(
                        asked: "smpte=0:00:59:28-0:01:00:05", pictures: 1798..<1803,
                        answered: "smpte=00:00:59:28-00:01:00:05"),
                    Range(
                        asked: "smpte-30-drop=00:01:00:02-00:01:00:03.01", pictures: 1800..<1802,
                        answered: "smpte-30-drop=00:01:00:02-00:01:00:03.01"),
                    Range(
                        asked: "smpte=0:01:01:24-", pictures: 1852..<1859,
                        // The file tells its length in milliseconds.
                        answered: "smpte=00:01:01:24-00:01:02:01.01"),
                    Range(
                        asked: "smpte=0:00:00-0:00:00:03", pictures: 0..<3, answered: "smpte=00:00:00:00-00:00:00:03"),
                ], of: "ntsc.mp4", count: 1859, in: folder)
        }
    }

    @Test("Numbers of 25 a second name the pictures of such a film, and hundredths what lies between them")
    func frames25() async throws {
        try await withTemporaryDirectory { folder in
            try await Self.film("pal.mov", rate: "25", seconds: 4, in: folder)
            try await Self.expect(
                [
                    Range(
                        asked: "smpte-25=0:0:2:5-0:0:3", pictures: 55..<75, answered: "smpte-25=00:00:02:05-00:00:03:00"
                    ),
                    Range(
                        asked: "smpte-25=0:0:2:5.50-0:0:2:6.50", pictures: 55..<57,
                        answered: "smpte-25=00:00:02:05-00:00:02:06.50"),
                    Range(
                        asked: "smpte-25=0:0:3:20-0:1:0", pictures: 95..<100,
                        answered: "smpte-25=00:00:03:20-00:00:04:00"),
                ], of: "pal.mov", count: 100, in: folder)
        }
    }
}
