import Foundation
import Media
import NIOCore
import TestSupport
import Testing

/// What a player decoded of one stream.
struct Playback: Sendable {
    /// Anything that went wrong, in the player's own words.
    var complaints: [String]
    /// Presentation times of the pictures, in seconds.
    var pictures: [Double] = []
    /// Presentation times of the audio frames, in seconds.
    var sounds: [Double] = []

    /// The longest step between two that follow each other, 0 if there are none.
    static func longestStep(_ times: [Double]) -> Double {
        zip(times.dropFirst(), times).map { $0 - $1 }.max() ?? 0
    }

    /// Where one is not later than the one before it.
    static func falls(_ times: [Double]) -> [Fall] {
        zip(times, times.dropFirst()).filter { $0 >= $1 }.map { Fall(from: $0, to: $1) }
    }

    /// A step backwards in time, or none at all; in seconds.
    struct Fall: Equatable {
        var from: Double
        var to: Double
    }
}

/// ffmpeg as a viewer.
struct FFmpeg {
    /// Decodes `seconds` of a stream, both tracks, and tells what came out.
    ///
    /// A viewer that joins in the middle of a group gets the pictures so far drawn together, hence `vfr`.
    static func watch(_ url: String, over transport: Transport, seconds: Int) async throws -> Playback {
        try await withTemporaryDirectory { directory in
            let arguments = [
                "-nostdin", "-hide_banner", "-loglevel", "error", "-rtsp_transport", transport.ffmpegOption,
                "-i", transport.ffmpegURL(url), "-t", "\(seconds)", "-fps_mode", "vfr", "-f", "framecrc", "pipe:1",
            ]
            let ended = try await OutsideTool("ffmpeg").start(arguments, in: directory)
                .ended(within: .seconds(Int64(seconds + 30)))
            var playback = Playback(complaints: ended.complaints)
            if ended.status != 0 { playback.complaints.append("ffmpeg ended with \(ended.status)") }
            let frames = FrameChecksums(ended.lines)
            playback.pictures = frames.times["video"] ?? []
            playback.sounds = frames.times["audio"] ?? []
            return playback
        }
    }

    /// What is wrong with two seconds of a stream of picture and sound, `rate` pictures a second, when it is decoded.
    static func complaints(
        watching url: String, over transport: Transport = .tcp, rate: Int = 25
    ) async throws -> [String] {
        let playback = try await watch(url, over: transport, seconds: 2)
        var complaints = playback.complaints
        if playback.pictures.count < rate { complaints.append("\(playback.pictures.count) pictures") }
        if playback.sounds.count < 10 { complaints.append("\(playback.sounds.count) sounds") }
        for fall in Playback.falls(playback.pictures) { complaints.append("\(fall)") }
        return complaints
    }

    /// Decodes one picture of a stream over TCP; what hinders it is a complaint.
    static func firstPicture(of url: String) async throws -> [String] {
        try await withTemporaryDirectory { directory in
            let ended = try await OutsideTool("ffmpeg").start(
                [
                    "-nostdin", "-hide_banner", "-loglevel", "error", "-rtsp_transport", "tcp", "-i", url,
                    "-frames:v", "1", "-an", "-f", "framecrc", "pipe:1",
                ],
                in: directory
            ).ended(within: .seconds(10))
            let hasPicture = FrameChecksums(ended.lines).times["video"]?.count == 1
            return ended.complaints + (hasPicture ? [] : ["no picture"])
        }
    }

    /// What of a file is wrong, in ffmpeg's words, when it is decoded to its end.
    static func complaints(about file: URL) async throws -> [String] {
        let ended = try await OutsideTool("ffmpeg").start(
            ["-nostdin", "-hide_banner", "-loglevel", "error", "-i", file.path, "-fps_mode", "vfr", "-f", "null", "-"],
            in: file.deletingLastPathComponent()
        ).ended(within: .seconds(30))
        return ended.complaints + (ended.status == 0 ? [] : ["ffmpeg ended with \(ended.status)"])
    }
}

/// The output of ffmpeg's `framecrc`: presentation times of each frame.
///
///     #tb 0: 1/25
///     #media_type 0: video
///     0,          0,          0,        1,   345600, 0xcd8ef102
struct FrameChecksums {
    /// By kind of media, in seconds.
    private(set) var times: [String: [Double]] = [:]

    init(_ lines: [String]) {
        var timeBases: [String: Double] = [:]
        var kinds: [String: String] = [:]
        for line in lines {
            let fields = line.split { $0 == "," || $0 == " " || $0 == ":" }.map(String.init)
            if fields.count == 3, fields[0] == "#tb" {
                let fraction = fields[2].split(separator: "/").compactMap { Double($0) }
                if fraction.count == 2 { timeBases[fields[1]] = fraction[0] / fraction[1] }
            } else if fields.count == 3, fields[0] == "#media_type" {
                kinds[fields[1]] = fields[2]
            } else if fields.count >= 6, let base = timeBases[fields[0]], let ticks = Double(fields[2]) {
                times[kinds[fields[0]] ?? "", default: []].append(ticks * base)
            }
        }
    }
}
