import ArgumentParser
import Foundation
import ISOMedia

struct MovieSamples: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "samples",
        abstract: "List the samples of a track: when each is decoded and shown, where it is, how long it is.",
        discussion: """
            Samples are counted from 1, as in the tables of the file. Times are seconds of the presentation, edit lists \
            taken into account: what is decoded before the movie begins is below 0. K: decoding can begin with it.
            """
    )

    @OptionGroup var source: MovieFile

    @Argument(help: "The number of the track (see movie tracks).")
    var track: UInt32

    @Option(help: "The first sample to list, from 1.")
    var from = 1

    @Option(help: "Samples listed, at most.")
    var count = Int.max

    @Flag(help: "One JSON list on standard output instead of text.")
    var json = false

    mutating func validate() throws {
        guard from > 0, count > 0 else { throw ValidationError("--from and --count are more than 0.") }
    }

    mutating func run() throws {
        let movie = try source.movie(in: try source.open())
        let found = try source.track(track, of: movie)
        var output = TextOutput()
        try output.line(json ? "[" : Self.title)
        var cursor = SampleCursor(found.samples, at: from - 1)
        var listed = 0
        while listed < count, let sample = cursor.next() {
            let row = json ? Self.object(sample, in: found, isFirst: listed == 0) : Self.line(sample, in: found)
            try output.line(row)
            listed += 1
        }
        if json { try output.line("]") }
        try output.flush()
        if listed < count, cursor.index < found.samples.count {
            source.complain("sample \(cursor.index + 1) is in no place of the file")
            throw ExitCode.failure
        }
    }

    private static let title =
        "sample".right(8) + "decoded".right(14) + "shown".right(14) + "media time".right(13) + "offset".right(13)
        + "bytes".right(9)

    private static func seconds(_ time: Int64, in track: MovieTrack) -> String {
        String(format: "%.6f", Double(track.edits.presentationTime(ofMedia: time)) / 1e6)
    }

    private static func line(_ sample: MovieSample, in track: MovieTrack) -> String {
        "\(sample.index + 1)".right(8) + seconds(sample.decodeTime, in: track).right(14)
            + seconds(sample.compositionTime, in: track).right(14) + "\(sample.decodeTime)".right(13)
            + "\(sample.offset)".right(13) + "\(sample.size)".right(9) + (sample.isSync ? " K" : "")
    }

    /// By hand: there may be very many.
    private static func object(_ sample: MovieSample, in track: MovieTrack, isFirst: Bool) -> String {
        var fields = "\"sample\":\(sample.index + 1),\"decoded\":\(seconds(sample.decodeTime, in: track))"
        fields += ",\"shown\":\(seconds(sample.compositionTime, in: track)),\"mediaTime\":\(sample.decodeTime)"
        fields += ",\"duration\":\(sample.duration),\"compositionOffset\":\(sample.compositionOffset)"
        fields += ",\"offset\":\(sample.offset),\"bytes\":\(sample.size),\"isSync\":\(sample.isSync)"
        return (isFirst ? " {" : ",{") + fields + ",\"description\":\(sample.descriptionIndex)}"
    }
}
