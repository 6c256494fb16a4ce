import Foundation
import TestSupport

/// Has ffprobe look at each segment by itself, and holds what it finds against what the playlist said.
struct SegmentJudge {
    private struct Packet {
        var isKey: Bool
        /// Seconds.
        var time: Double
        var duration: Double?
    }

    /// Seconds in which a transport stream's times begin again.
    private static let round = Double(1 << 33) / 90_000
    /// What the durations and times of two segments may be apart, in seconds: pictures come a twenty-fifth apart.
    private static let tolerance = 0.06

    private let folder: URL
    private(set) var problems: [String] = []
    private var last: (form: String, end: Double)?

    init(in folder: URL) {
        self.folder = folder
    }

    mutating func look(at segment: HLSViewer.Segment) async throws {
        let file = folder.appending(path: segment.name)
        try Data(segment.initialization + segment.bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let lines = try await OutsideTool("ffprobe").lines(
            [
                "-loglevel", "error", "-show_entries",
                "packet=codec_type,dts_time,duration_time,flags:stream=codec_type,width,height", "-of", "compact",
                file.path,
            ], in: folder
        ).map(Self.fields)
        let streams = lines.filter { $0[""] == "stream" }
        let size = streams.first { $0["codec_type"] == "video" }.map { "\($0["width"] ?? "")x\($0["height"] ?? "")" }
        let form = "\(size ?? "")\(streams.contains { $0["codec_type"] == "audio" } ? "+sound" : "")"
        judge(
            segment, form,
            lines.filter { $0[""] == "packet" && $0["codec_type"] == "video" }.compactMap { fields in
                fields["dts_time"].flatMap(Double.init).map {
                    Packet(
                        isKey: fields["flags"]?.hasPrefix("K") == true, time: $0,
                        duration: fields["duration_time"].flatMap(Double.init))
                }
            })
    }

    /// `packet|codec_type=video|dts_time=1.000000`; the first word under "".
    private static func fields(_ line: String) -> [String: String] {
        let words = line.split(separator: "|").map(String.init)
        var fields = ["": words.first ?? ""]
        for word in words.dropFirst() {
            let pair = word.split(separator: "=", maxSplits: 1).map(String.init)
            if pair.count == 2 { fields[pair[0]] = pair[1] }
        }
        return fields
    }

    private mutating func judge(_ segment: HLSViewer.Segment, _ form: String, _ pictures: [Packet]) {
        guard let first = pictures.first, let end = pictures.last else {
            problems.append("\(segment.name) has no picture")
            return
        }
        if segment.isIndependent, !first.isKey { problems.append("\(segment.name) does not begin with a key frame") }
        let step = end.duration ?? (end.time - first.time) / Double(max(pictures.count - 1, 1))
        let duration = end.time + step - first.time
        if abs(duration - segment.duration) > Self.tolerance {
            problems.append("\(segment.name) lasts \(duration) s, not \(segment.duration)")
        }
        if !segment.isDiscontinuity, let last {
            if last.form != form { problems.append("\(segment.name) is \(form) behind \(last.form), without a word") }
            let gap = abs(first.time - last.end).truncatingRemainder(dividingBy: Self.round)
            if min(gap, Self.round - gap) > Self.tolerance {
                problems.append("\(segment.name) begins \(first.time - last.end) s off, without a word")
            }
        }
        last = (form, first.time + segment.duration)
    }
}
