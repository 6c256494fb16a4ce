import ArgumentParser
import Foundation
import ISOMedia

struct MovieSDP: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sdp",
        abstract: "Show the session description of a movie.",
        discussion: """
            As a server answers DESCRIBE with it: the lines of the hint tracks where there are some, else made from the \
            tracks themselves.

            Examples:
              heliograph movie sdp lecture.mov
              heliograph movie sdp lecture.mov --write    into lecture.sdp beside it
            """
    )

    @OptionGroup var source: MovieFile

    @Flag(help: "Write it beside the movie, as NAME.sdp.")
    var write = false

    mutating func run() throws {
        let bytes = try source.open()
        let sent = SentTracks(of: try source.movie(in: bytes), in: bytes)
        for (id, reason) in sent.leftOut { source.complain("track \(id) is not sent: \(reason)") }
        guard !sent.tracks.isEmpty else { throw ExitCode.failure }
        let name = URL(filePath: source.file).deletingPathExtension()
        let text = Self.description(of: sent, title: name.lastPathComponent)
        var output = TextOutput()
        if write {
            let beside = name.appendingPathExtension("sdp")
            do {
                try Data(text.utf8).write(to: beside, options: .atomic)
            } catch {
                source.complain("\(beside.path) cannot be written: \(error.localizedDescription)")
                throw ExitCode.failure
            }
            try output.line(beside.path)
        } else {
            // Its lines end in CR LF.
            try output.line(text.dropLast() + "\r")
        }
        try output.flush()
    }

    /// The session's lines, then those of each track with its number as control.
    static func description(of sent: SentTracks, title: String) -> String {
        let movie = sent.movie
        let names = [movie.name, title].compactMap { $0.map(printable) }
        // RFC 4566 §5.3 wants a character there.
        let name = names.first { !$0.isEmpty } ?? "-"
        var lines = [
            "v=0", "o=- \(movie.created ?? 0) \(movie.modified ?? 0) IN IP4 127.0.0.1", "s=\(name)",
        ]
        lines += ["c=IN IP4 0.0.0.0"] + own(movie.sessionDescription, beginning: "b=") + ["t=0 0", "a=control:*"]
        lines += own(movie.sessionDescription, beginning: "a=")
        lines.append("a=range:npt=0-" + String(format: "%.3f", Double(movie.playedDuration) / 1e6))
        var text = lines.map { $0 + "\r\n" }.joined()
        for track in sent.tracks { text += track.lines + "a=control:trackID=\(track.id)\r\n" }
        return text
    }

    /// What a hinter wrote for the whole movie.
    private static func own(_ description: String?, beginning letter: String) -> [String] {
        guard let description, description.utf8.count <= 16 * 1024 else { return [] }
        let ours = ["a=control:", "a=range:"]
        return description.split(whereSeparator: \.isNewline).map { printable(String($0)) }.filter { line in
            line.hasPrefix(letter) && !ours.contains { line.lowercased().hasPrefix($0) }
        }
    }

    private static func printable(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 32 && $0.value != 127 }))
    }
}
