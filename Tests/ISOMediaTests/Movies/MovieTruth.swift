import Foundation
import TestSupport
import Testing

@testable import ISOMedia

/// What ffprobe says of a movie's packets, edit lists not taken into account.
struct ProbedPacket: Sendable, Hashable {
    var stream: Int
    var pts: Int64
    var dts: Int64
    var duration: Int64
    var size: Int
    var position: Int64
    var isKey: Bool

    /// All packets, in the order of the file; `options` come before the input.
    static func packets(
        of file: URL, options: [String] = ["-ignore_editlist", "1"]
    ) async throws -> [ProbedPacket] {
        let entries = "packet=stream_index,pts,dts,duration,size,pos,flags"
        let arguments = ["-v", "error"] + options + ["-show_entries", entries, "-of", "compact=p=0", file.path]
        return try await OutsideTool("ffprobe").lines(arguments, in: file.deletingLastPathComponent()).map { line in
            let pairs = line.split(separator: "|").map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
            let fields = Dictionary(pairs.filter { $0.count == 2 }.map { ($0[0], $0[1]) }) { $1 }
            func number(_ name: String) -> Int64 { fields[name].flatMap { Int64($0) } ?? .min }
            return ProbedPacket(
                stream: Int(number("stream_index")), pts: number("pts"), dts: number("dts"),
                duration: number("duration"), size: Int(number("size")), position: number("pos"),
                isKey: fields["flags"]?.hasPrefix("K") == true)
        }
    }
}

/// A movie that ffmpeg makes: two seconds of a test picture and a tone.
struct MadeMovie: Sendable, CustomTestStringConvertible {
    let file: String
    let arguments: [String]

    var testDescription: String { ([file] + arguments).joined(separator: " ") }

    init(_ file: String, _ arguments: String) {
        self.file = file
        self.arguments = arguments.split(separator: " ").map(String.init)
    }

    /// Makes it in `directory`.
    func make(in directory: URL) async throws -> URL {
        let inputs =
            "-v error -f lavfi -i testsrc=size=160x120:rate=25 -f lavfi -i sine=frequency=440:sample_rate=44100"
        let all = inputs.split(separator: " ").map(String.init) + ["-t", "2"] + arguments + ["-y", file]
        _ = try await OutsideTool("ffmpeg").output(all, in: directory)
        return directory.appending(path: file)
    }

    static let h264 = "-c:v libx264 -preset ultrafast -bf 2 -g 10 -c:a aac"
    static let plain = [
        MadeMovie("recorded.mp4", h264),
        MadeMovie("faststart.mp4", h264 + " -movflags +faststart"),
        MadeMovie("negative.mp4", h264 + " -movflags +negative_cts_offsets"),
        MadeMovie("sound.mov", "-c:v mpeg4 -g 12 -c:a pcm_s16le"),
        MadeMovie("mulaw.mov", "-vn -ar 8000 -c:a pcm_mulaw"),
        MadeMovie("phone.3gp", "-c:v mpeg4 -c:a aac"),
    ]
    static let fragmented = [
        MadeMovie("empty.mp4", h264 + " -movflags +frag_keyframe+empty_moov"),
        MadeMovie("base.mp4", h264 + " -movflags +frag_keyframe+empty_moov+default_base_moof"),
        MadeMovie("delayed.mp4", h264 + " -movflags +frag_keyframe+delay_moov"),
        MadeMovie("hybrid.mp4", h264 + " -movflags +frag_keyframe"),
        MadeMovie("omitted.mp4", h264 + " -movflags +frag_keyframe+empty_moov+omit_tfhd_offset"),
        MadeMovie("separate.mp4", h264 + " -movflags +frag_keyframe+empty_moov+separate_moof"),
        MadeMovie("frames.mp4", h264 + " -movflags +frag_every_frame+empty_moov"),
    ]
}
