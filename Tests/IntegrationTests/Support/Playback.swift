import Foundation
import Media
import NIOCore
import TestSupport
import Testing

/// One of the two ways media come to a player.
enum MediaPath: String, CaseIterable, CustomTestStringConvertible {
    case tcp, udp

    var testDescription: String { rawValue.uppercased() }
}

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

    /// Whether each is later than the one before.
    static func isRising(_ times: [Double]) -> Bool {
        zip(times.dropFirst(), times).allSatisfy { $0 > $1 }
    }
}

/// ffmpeg as a viewer.
struct FFmpeg {
    /// Decodes `seconds` of a stream, both tracks, and tells what came out.
    ///
    /// A viewer that joins in the middle of a group gets the pictures so far drawn together, hence `vfr`.
    static func watch(_ url: String, over path: MediaPath, seconds: Int) async throws -> Playback {
        try await withTemporaryDirectory { directory in
            let arguments = [
                "-nostdin", "-hide_banner", "-loglevel", "error", "-rtsp_transport", path.rawValue, "-i", url,
                "-t", "\(seconds)", "-fps_mode", "vfr", "-f", "framecrc", "pipe:1",
            ]
            let ended = try await OutsideTool("ffmpeg").start(arguments, in: directory)
                .ended(within: .seconds(Int64(seconds + 15)))
            var playback = Playback(complaints: ended.complaints)
            if ended.status != 0 { playback.complaints.append("ffmpeg ended with \(ended.status)") }
            let frames = FrameChecksums(ended.lines)
            playback.pictures = frames.times["video"] ?? []
            playback.sounds = frames.times["audio"] ?? []
            return playback
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

/// GStreamer as a viewer.
struct GStreamer {
    /// From the payload of one codec to its raw form.
    static func decoder(_ codec: Codec) -> String {
        switch codec {
        case .h264: "rtph264depay ! h264parse ! avdec_h264"
        case .h265: "rtph265depay ! h265parse ! avdec_h265"
        case .aac: "rtpmp4gdepay ! aacparse ! avdec_aac"
        case .pcmu: "rtppcmudepay ! mulawdec"
        default: "decodebin"
        }
    }

    /// Decodes so many pictures and audio frames; whatever hinders it, or takes longer than `bound`, is a complaint.
    static func complaints(
        watching url: String, over path: MediaPath, video: Codec = .h264, pictures: Int, audio: Codec = .aac,
        sounds: Int, within bound: TimeAmount
    ) async throws -> [String] {
        try await withTemporaryDirectory { directory in
            let pipeline = """
                rtspsrc location=\(url) protocols=\(path.rawValue) latency=200 name=s \
                s. ! application/x-rtp,media=video ! \(decoder(video)) ! fakesink sync=false num-buffers=\(pictures) \
                s. ! application/x-rtp,media=audio ! \(decoder(audio)) ! fakesink sync=false num-buffers=\(sounds)
                """
            let ended = try await OutsideTool("gst-launch-1.0").start(
                pipeline.split(separator: " ").map(String.init), in: directory, environment: ["GST_DEBUG": "1"]
            ).ended(within: bound)
            var complaints = ended.complaints + ended.lines.filter { $0.hasPrefix("WARNING") || $0.hasPrefix("ERROR") }
            if ended.status != 0 { complaints.append("gst-launch-1.0 ended with \(ended.status)") }
            if !ended.lines.contains(where: { $0.hasPrefix("Got EOS") }) { complaints.append("the pictures did not come") }
            return complaints
        }
    }
}
