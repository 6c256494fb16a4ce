import ArgumentParser
import Foundation
import ISOMedia

struct MovieTracks: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tracks",
        abstract: "List the tracks of a movie, a line each."
    )

    @OptionGroup var source: MovieFile

    @Flag(help: "One JSON list on standard output instead of text.")
    var json = false

    mutating func run() throws {
        let tracks = try source.movie(in: try source.open()).tracks.map(TrackReport.init)
        var output = TextOutput()
        if json {
            try output.json(tracks)
        } else {
            let titles = ["track", "kind", "codec", "seconds", "units/s", "samples", "sync", "bytes"]
            try output.line(Self.row(titles))
            for track in tracks {
                let numbers = [
                    String(format: "%.3f", track.seconds), "\(track.timescale)", "\(track.samples)",
                    "\(track.syncSamples)", "\(track.bytes)",
                ]
                try output.line(Self.row(["\(track.track)", track.kind, track.codecs.first ?? "-"] + numbers))
            }
        }
        try output.flush()
    }

    private static func row(_ fields: [String]) -> String {
        let widths = [5, 6, 6, 12, 9, 9, 9, 13]
        return zip(fields, widths).map { $0.right($1) }.joined(separator: " ")
    }
}
