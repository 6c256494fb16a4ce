import Foundation
import Ingest
import NIOCore
import Server
import TestSupport
import Testing

@Suite("Movies as a live channel, as players see them", .onQuietMachine)
struct PlaylistPlaybackTests {
    /// Two films a list, told apart by the size of their pictures.
    private static let sizes = ["160x120", "96x64"]
    private static let picturesPerFilm = 30

    private static func channel(_ name: String, _ paths: [String]) -> CameraConfiguration {
        let items = paths.map { PlaylistItem.entry(PlaylistEntry(path: $0)) }
        return CameraConfiguration(
            name: name,
            streams: [StreamConfiguration(path: name, source: .playlist(PlaylistConfiguration(items: items)))])
    }

    /// A bit more than a second with B frames, and with an encoder's usual bit of sound before and behind.
    private static func films(_ codec: [String], _ names: [String], in directory: URL) async throws -> [String] {
        var paths: [String] = []
        for (name, size) in zip(names, sizes) {
            let path = directory.appendingPathComponent(name).path
            _ = try await OutsideTool("ffmpeg").output(
                [
                    "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=\(size):rate=25:duration=1.2",
                    "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=1.2", "-pix_fmt", "yuv420p",
                ] + codec + ["-c:a", "aac", path], in: directory)
            paths.append(path)
        }
        return paths
    }

    @Test("Over the joints of a list no picture is lost, time runs on by the clock, and no player complains")
    func rounds() async throws {
        try await withTemporaryDirectory { directory in
            async let h264 = Self.films(
                ["-c:v", "libx264", "-preset", "veryfast", "-g", "15"], ["a.mp4", "b.mkv"], in: directory)
            async let h265 = Self.films(
                ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:keyint=15:bframes=2"],
                ["c.mov", "d.ts"], in: directory)
            let cameras = [Self.channel("avc", try await h264), Self.channel("hevc", try await h265)]
            try await withRelay(cameras) { relay in
                try await eventually("both play", within: .seconds(10)) { relay.logged("camera up") == 2 }
                async let first: Void = Self.expectRecording(of: relay.url("avc"), in: directory, as: "avc.mp4")
                async let second: Void = Self.expectRecording(of: relay.url("hevc"), in: directory, as: "hevc.mp4")
                async let watched = GStreamer.complaints(
                    watching: relay.url("avc"), over: .udp, video: .init(codec: .h264, rate: 23),
                    audio: .init(codec: .aac, rate: 46_000), seconds: 3, within: .seconds(20))
                _ = try await (first, second)
                #expect(try await watched == [])
                #expect(relay.logged("camera up") == 2, "one publication for all films that are alike")
            }
        }
    }

    /// Some seconds, copied as they come: three joints, and two films whole. Into MP4, for ffmpeg knows no time of the first picture it
    /// gets of a stream with B frames, and Matroska takes none without.
    private static func expectRecording(of url: String, in directory: URL, as name: String) async throws {
        let file = directory.appendingPathComponent(name)
        let begin = NIODeadline.now()
        let ended = try await OutsideTool("ffmpeg").start(
            [
                "-nostdin", "-hide_banner", "-loglevel", "error", "-rtsp_transport", "tcp", "-i", url, "-t", "4.5",
                "-c",
                "copy", file.path,
            ], in: directory
        ).ended(within: .seconds(25))
        let elapsed = Double((NIODeadline.now() - begin).nanoseconds) / 1e9
        #expect(ended.status == 0 && ended.complaints.isEmpty, "\(name): \(ended.complaints)")
        #expect((3.5...7.0).contains(elapsed), "\(name) took \(elapsed) s")
        #expect(try await FFmpeg.complaints(about: file) == [], "\(name)")

        let frames = try await OutsideTool("ffprobe").lines(
            [
                "-v", "error", "-select_streams", "v", "-show_entries", "frame=pts_time,width", "-of", "csv=p=0",
                file.path,
            ], in: directory
        ).map { $0.split(separator: ",").map(String.init) }
        let times = frames.compactMap { Double($0[0]) }
        #expect(Playback.longestStep(times) < 0.2, "\(name): a joint is no pause")
        let films = frames.reduce(into: [(width: String, pictures: Int)]()) { films, frame in
            if films.last?.width != frame[1] { films.append((frame[1], 0)) }
            films[films.count - 1].pictures += 1
        }
        #expect(films.count >= 4, "\(name): \(films)")
        // A start is drawn together, and ffmpeg's guess of its first picture puts it among the others.
        #expect(Playback.falls(Array(times.dropFirst(films[0].pictures))) == [], "\(name)")
        #expect(films.dropFirst().dropLast().allSatisfy { $0.pictures == picturesPerFilm }, "\(name): \(films)")

        let sounds = try await OutsideTool("ffprobe").lines(
            ["-v", "error", "-select_streams", "a", "-show_entries", "packet=dts_time", "-of", "csv=p=0", file.path],
            in: directory
        ).compactMap { Double($0) }
        #expect(sounds.count > 190 && Playback.longestStep(sounds) < 0.08, "\(name)")
        #expect(Playback.falls(Array(sounds.dropFirst())) == [], "\(name)")
    }
}
