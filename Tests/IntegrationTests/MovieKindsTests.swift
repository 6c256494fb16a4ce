import Egress
import Foundation
import TestSupport
import Testing

/// Files of each kind that the tables of docs/movies.md name, and of those that are odd: ffmpeg is sent what it finds in the file.
@Suite("Movies of many kinds, as ffmpeg plays them", .onQuietMachine)
struct MovieKindsTests {
    private struct Kind: Sendable {
        let name: String
        let coders: String
        /// Beside a picture and a tone, `-i`s and what is to be taken of them.
        var others: [String] = []
    }

    private static let x264 = "-c:v libx264 -preset ultrafast -g 12"

    private static let kinds = [
        Kind(name: "visual.mp4", coders: "-c:v mpeg4 -bf 2 -g 12 -c:a libmp3lame"),
        Kind(name: "h263.3gp", coders: "-c:v h263 -g 12 -c:a aac"),
        Kind(name: "jpeg.mov", coders: "-c:v mjpeg -huffman default -pix_fmt yuvj420p -c:a pcm_s16le"),
        Kind(
            name: "hevc.mov",
            coders:
                "-c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=12:bframes=3:open-gop=1 -tag:v hev1 "
                + "-ar 8000 -c:a pcm_alaw"),
        Kind(
            name: "open.mp4",
            coders: "-c:v libx264 -g 12 -x264-params open-gop=1:bframes=3:b-pyramid=normal -ac 2 -c:a libopus"),
        Kind(
            name: "uneven.mov",
            coders: "-vf select='lt(n\\,12)+not(mod(n\\,3))' -fps_mode vfr \(x264) -bf 2 -c:a pcm_s24be"),
        Kind(name: "timecode.mov", coders: "\(x264) -timecode 01:00:00:00 -c:a pcm_u8"),
        // In samples of half a second.
        Kind(
            name: "fragments.mov",
            coders: "\(x264) -af asetnsamples=n=24000 -c:a pcm_s16le -movflags frag_keyframe+empty_moov"),
        Kind(
            name: "full.m4v", coders: "\(x264) -c:v:1 copy -c:a aac -c:s mov_text -disposition:v:1 attached_pic",
            others: [
                "-i", "cover.jpg", "-i", "words.srt", "-map", "0", "-map", "1", "-map", "1", "-map", "2", "-map", "3",
            ]),
        Kind(name: "turned.mp4", coders: "-c:v mpeg4 -metadata:s:v rotate=180 -c:a aac"),
    ]

    private static func make(_ kind: Kind, in folder: URL) async throws {
        let input = [
            "-f", "lavfi", "-i", "testsrc2=size=176x144:rate=25:duration=1.6", "-f", "lavfi", "-i",
            "sine=frequency=440:sample_rate=48000:duration=1.6",
        ]
        let coders = kind.coders.split(separator: " ").map(String.init)
        let format = kind.name == "jpeg.mov" ? [] : ["-pix_fmt", "yuv420p"]
        _ = try await OutsideTool("ffmpeg").output(
            ["-nostdin", "-loglevel", "error"] + input + kind.others + format + coders + [kind.name], in: folder)
    }

    /// The sums of the pictures that ffmpeg decodes, in order, and the sound.
    private static func decoded(_ input: [String], in folder: URL) async throws -> (
        pictures: [Substring], sound: [UInt8]
    ) {
        func ffmpeg(_ output: [String]) async throws -> [UInt8] {
            try await OutsideTool("ffmpeg").output(
                ["-nostdin", "-loglevel", "fatal", "-noautorotate"] + input + output, in: folder)
        }
        async let pictures = ffmpeg(["-map", "0:V:0", "-fps_mode", "passthrough", "-f", "framemd5", "-"])
        async let sound = ffmpeg(["-map", "0:a:0", "-f", "s16le", "-"])
        let sums = String(decoding: try await pictures, as: UTF8.self).split(separator: "\n")
            .filter { !$0.hasPrefix("#") }.compactMap { $0.split(separator: ",").last?.drop { $0 == " " } }
        return (sums, try await sound)
    }

    private static func compare(_ kind: Kind, _ url: String, by transport: String, in folder: URL) async throws {
        let file = try await decoded(["-i", kind.name], in: folder)
        let sent = try await decoded(["-rtsp_transport", transport, "-i", url], in: folder)
        #expect(sent.pictures == file.pictures && file.pictures.count >= 20, "\(kind.name)")
        // What a decoder begins with is not left out.
        let before = sent.sound.count - file.sound.count
        #expect(sent.sound.suffix(file.sound.count) == file.sound[...], "\(kind.name)")
        #expect(kind.coders.contains("pcm_") ? before == 0 : (0..<12_000).contains(before), "\(kind.name)")
    }

    @Test("All pictures and all sound of each kind come over TCP and UDP", arguments: ["tcp", "udp"])
    func kinds(transport: String) async throws {
        try await withTemporaryDirectory { folder in
            _ = try await OutsideTool("ffmpeg").output(
                [
                    "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=64x64", "-frames:v", "1",
                    "cover.jpg",
                ],
                in: folder)
            try Data("1\n00:00:00,200 --> 00:00:01,000\nHello\n".utf8).write(to: folder.appending(path: "words.srt"))
            for kind in Self.kinds { try await Self.make(kind, in: folder) }
            try await withRelay([.testCamera()], media: MediaConfiguration(folder: folder.path)) { relay in
                try await withThrowingTaskGroup(of: Void.self) { tasks in
                    for kind in Self.kinds {
                        let url = relay.url("media/\(kind.name)")
                        tasks.addTask { try await Self.compare(kind, url, by: transport, in: folder) }
                    }
                    try await tasks.waitForAll()
                }
            }
        }
    }
}
