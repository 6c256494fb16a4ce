import Egress
import Foundation
import HLS
import NIOCore
import Server
import TestSupport
import Testing

@Suite("Movies with several edits, as players see them", .onQuietMachine)
struct EditedMovieTests {
    private struct Picture {
        var time: Double
        var sum: Substring
    }

    private static let h264 = ["-c:v", "libx264", "-preset", "veryfast", "-g", "12"]
    /// Its key pictures are open: pictures that are shown before one are decoded behind it, with others from before.
    private static let h265 = [
        "-c:v", "libx265", "-preset", "ultrafast", "-x265-params",
        "log-level=none:keyint=12:min-keyint=12:bframes=3:b-adapt=0:open-gop=1", "-tag:v", "hvc1",
    ]

    /// Six seconds with B frames and a key frame every half, the same with hint tracks, and both with `edits`.
    private static func movies(
        _ edits: [EditedMovie.Edit], _ coder: [String] = h264, in folder: URL
    ) async throws {
        func ffmpeg(_ arguments: [String]) async throws {
            _ = try await OutsideTool("ffmpeg").output(["-nostdin", "-loglevel", "error"] + arguments, in: folder)
        }
        try await ffmpeg(
            [
                "-f", "lavfi", "-i", "testsrc2=size=160x120:rate=25:duration=6", "-f", "lavfi", "-i",
                "sine=frequency=440:sample_rate=48000:duration=6", "-pix_fmt", "yuv420p",
            ] + coder + ["-c:a", "aac", "whole.mp4"])
        try await ffmpeg(["-i", "whole.mp4", "-c", "copy", "-movflags", "rtphint", "hinted.mov"])
        for (name, edited) in [("whole.mp4", "plain.mp4"), ("hinted.mov", "hints.mov")] {
            let bytes = try Array(Data(contentsOf: folder.appending(path: name)))
            try Data(EditedMovie.with(edits, for: bytes)).write(to: folder.appending(path: edited))
        }
    }

    private static func pictures(_ input: [String], in folder: URL) async throws -> [Picture] {
        let lines = try await OutsideTool("ffmpeg").lines(
            ["-nostdin", "-loglevel", "error"] + input
                + ["-map", "0:v", "-fps_mode", "passthrough", "-enc_time_base", "-1", "-f", "framemd5", "-"], in: folder
        )
        let base = lines.first { $0.hasPrefix("#tb 0: ") }?.dropFirst(7).split(separator: "/").compactMap { Double($0) }
        let unit = (base?.first ?? 1) / (base?.last ?? 1)
        return lines.filter { !$0.hasPrefix("#") }.compactMap { line in
            let fields = line.split(separator: ",").map { $0.drop { $0 == " " } }
            guard fields.count == 6, let time = Double(fields[2]) else { return nil }
            return Picture(time: time * unit, sum: fields[5])
        }
    }

    /// Without those that are over before anybody sees them, and what comes before `first`.
    private static func seen(_ pictures: [Picture], from first: Substring?) -> [Picture] {
        let next = pictures.dropFirst().map(\.time) + [.infinity]
        let lasting = zip(pictures, next).filter { $1 - $0.time > 0.005 }.map(\.0)
        let shown = lasting.drop { $0.sum != first }
        return shown.map { Picture(time: $0.time - (shown.first?.time ?? 0), sum: $0.sum) }
    }

    /// Cuts, a repetition, and parts in another order than the media has them.
    private static let mixed: [EditedMovie.Edit] = [
        .init(1, from: 0.2), .init(0.6, from: 3.12), .init(0.8, from: 0.2), .init(0.6, from: 5), .init(1, from: 0),
    ]

    @Test(
        "Cuts, repetitions and parts in another order: ffmpeg is sent what it shows of the file itself, when it is due")
    func cuts() async throws {
        try await withTemporaryDirectory { folder in
            try await Self.movies(Self.mixed, in: folder)
            let expected = try await Self.pictures(["-i", "plain.mp4"], in: folder).map(\.sum)
            #expect(expected.count == 100)
            try await withRelay([.testCamera()], media: MediaConfiguration(folder: folder.path)) { relay in
                try await withThrowingTaskGroup(of: Void.self) { tasks in
                    for (name, transport) in [
                        ("plain.mp4", "tcp"), ("plain.mp4", "udp"), ("hints.mov", "tcp"), ("hints.mov", "udp"),
                    ] {
                        tasks.addTask {
                            let sent = try await Self.pictures(
                                ["-rtsp_transport", transport, "-i", relay.url("media/\(name)")], in: folder)
                            let seen = Self.seen(sent, from: expected.first)
                            #expect(seen.map(\.sum) == expected, "\(name) by \(transport)")
                            #expect(seen.indices.allSatisfy { abs(seen[$0].time - Double($0) * 0.04) < 0.002 })
                            #expect(zip(sent, sent.dropFirst()).allSatisfy { $0.time < $1.time })
                        }
                    }
                    // To 2.85 s, for ffmpeg asks for less: by 0.13 s where there are B frames, and by what is decoded before 0.
                    // The last key picture before is 0.28 s behind the beginning of the fourth part.
                    tasks.addTask {
                        let options = ["-rtsp_transport", "tcp", "-noaccurate_seek", "-ss", "3.2"]
                        let sent = try await Self.pictures(options + ["-i", relay.url("media/plain.mp4")], in: folder)
                        #expect(sent.map(\.sum) == Array(expected[67...]))
                    }
                    try await tasks.waitForAll()
                }
                #expect(relay.logged("movie without one of its tracks") == 0)
            }
        }
    }

    @Test("A gap shows nothing, and a picture that is held stays until the next part begins")
    func gaps() async throws {
        try await withTemporaryDirectory { folder in
            let edits: [EditedMovie.Edit] = [
                .init(0.4, from: 0.2), .init(0.4, from: nil), .init(0.2, from: 2.2), .init(0.6, from: 4, rate: 0),
                .init(0.2, from: 1),
            ]
            try await Self.movies(edits, in: folder)
            let whole = try await Self.pictures(["-i", "whole.mp4"], in: folder).map(\.sum)
            func part(at time: Double, _ pictures: Range<Int>) -> [(time: Double, picture: Int)] {
                pictures.map { (time + 0.04 * Double($0 - pictures.lowerBound), $0) }
            }
            let expected =
                part(at: 0, 5..<15) + part(at: 0.8, 55..<60) + part(at: 1, 100..<101) + part(at: 1.6, 25..<30)
            try await withRelay([.testCamera()], media: MediaConfiguration(folder: folder.path)) { relay in
                for name in ["plain.mp4", "hints.mov"] {
                    let sent = try await Self.pictures(
                        ["-rtsp_transport", "tcp", "-i", relay.url("media/\(name)")], in: folder)
                    // Behind it comes what the last pictures are decoded with.
                    let seen = Self.seen(sent, from: whole[5]).prefix(expected.count)
                    #expect(seen.map(\.sum) == expected.map { whole[$0.picture] }, "\(name)")
                    #expect(zip(seen, expected).allSatisfy { abs($0.time - $1.time) < 0.002 }, "\(name)")
                }
            }
        }
    }

    /// What H.265 is put into is always MP4.
    @Test(
        "As HLS ffmpeg is sent the same, at the same times, and as long, in transport streams and in fragments",
        arguments: [h264, h265])
    func segments(coder: [String]) async throws {
        try await withTemporaryDirectory { folder in
            try await Self.movies(Self.mixed, coder, in: folder)
            let expected = try await Self.pictures(["-i", "plain.mp4"], in: folder).map(\.sum)
            #expect(expected.count == 100)
            for container in coder == Self.h264 ? [HLSConfiguration.Container.mpegts, .fmp4] : [.fmp4] {
                try await withRelay(
                    [.testCamera()], media: MediaConfiguration(folder: folder.path),
                    hls: HLSConfiguration(segmentDuration: .seconds(1), container: container)
                ) { relay in
                    let url = relay.webURL("media/plain.mp4/index.m3u8")
                    let sent = try await Self.pictures(["-i", url], in: folder)
                    let seen = Self.seen(sent, from: expected.first)
                    #expect(seen.map(\.sum) == expected, "\(container)")
                    // Those that begin a part come up to 10 ms late.
                    #expect(seen.indices.allSatisfy { abs(seen[$0].time - Double($0) * 0.04) < 0.011 }, "\(container)")
                    #expect(zip(sent, sent.dropFirst()).allSatisfy { $0.time < $1.time })
                    let told = try await OutsideTool("ffprobe").lines(
                        ["-loglevel", "warning", "-show_entries", "format=duration", "-of", "csv=p=0", url], in: folder)
                    #expect(told.first.flatMap(Double.init).map { abs($0 - 4) < 0.03 } == true, "\(told)")
                    let ended = try await OutsideTool("ffmpeg").start(
                        [
                            "-nostdin", "-hide_banner", "-loglevel", "warning", "-i", url, "-c", "copy", "-f", "null",
                            "-",
                        ], in: folder
                    ).ended(within: .seconds(30))
                    #expect(ended.complaints == [] && ended.status == 0, "\(container)")
                }
            }
        }
    }
}
