import ArgumentParser
import ISOMedia

struct MovieSummary: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Tell how long a movie is, its tracks, names, dates and codecs, and what hinters counted."
    )

    @OptionGroup var source: MovieFile

    @Flag(help: "One JSON object on standard output instead of text.")
    var json = false

    mutating func run() throws {
        let bytes = try source.open()
        let report = MovieReport(try source.movie(in: bytes), file: source.file, bytes: bytes.size)
        var output = TextOutput()
        if json {
            try output.json(report)
        } else {
            for line in report.lines { try output.line(line) }
        }
        try output.flush()
    }
}
