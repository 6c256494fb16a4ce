/// One line of a playlist that names something.
struct PlaylistLine: Sendable, Hashable {
    enum Item: Sendable, Hashable {
        /// A movie or a folder.
        case entry(weight: Int)
        /// Another playlist, which stands in this place.
        case include
    }

    var item: Item
    /// As written: relative to the playlist's file, or absolute.
    var path: String
    /// Counted from 1.
    var number: Int
}

/// The text of a playlist: Darwin's, which begins with `*PLAY-LIST*`, or an M3U.
///
/// ```
/// *PLAY-LIST*                          #EXTM3U
/// # weights are 1 to 10                #EXTINF:12,Title
/// "first film.mp4" 3                   first film.mp4
/// folder                               folder/second.mov
/// + another.ply
/// ```
enum PlaylistText {
    /// Longer files are refused, in bytes.
    static let mostBytes = 1_000_000
    /// The longest path, in bytes (`PATH_MAX`).
    private static let longestPath = 4096
    private static let mark = "*PLAY-LIST*"

    /// Whether a file is meant to be a playlist, by its name.
    static func isNamed(by path: String) -> Bool {
        ["m3u", "m3u8", "ply"].contains(path.fileExtension)
    }

    /// The lines that name something; `file` is the playlist's own path, for errors and for its kind.
    ///
    /// A line that makes no sense is reported, and the others count; throws where the text is no list of movies.
    static func parse(
        _ text: String, file: String, report: (PlaylistError) -> Void
    ) throws(PlaylistError) -> [PlaylistLine] {
        var lines: [Substring] = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        if let first = lines.first, first.unicodeScalars.first == "\u{FEFF}" {
            lines[0] = Substring(first.unicodeScalars.dropFirst())
        }
        let first = lines.first?.trimmedBlanks ?? ""
        if first == mark {
            return collect(lines, from: 1, file, darwin, report)
        }
        guard ["m3u", "m3u8"].contains(file.fileExtension) || first.hasPrefix("#EXTM3U") else {
            throw PlaylistError(
                file, line: 1, found: first.quotedForPlaylist,
                expected: "\(mark), or #EXTM3U, or a file that is called .m3u"
            )
        }
        if let segments = lines.firstIndex(where: { $0.trimmedBlanks.hasPrefix("#EXT-X-") }) {
            throw PlaylistError(
                file, line: segments + 1, found: "a playlist of HLS segments", expected: "a list of movies")
        }
        return collect(lines, from: 0, file, extended, report)
    }

    private static func collect(
        _ lines: [Substring], from first: Int, _ file: String,
        _ parse: (Substring, Int, String) throws(PlaylistError) -> PlaylistLine?, _ report: (PlaylistError) -> Void
    ) -> [PlaylistLine] {
        var found: [PlaylistLine] = []
        for (index, line) in lines.enumerated().dropFirst(first) {
            do throws(PlaylistError) {
                guard let named = try parse(line.trimmedBlanks, index + 1, file) else { continue }
                guard !named.path.isEmpty, named.path.utf8.count <= longestPath, !named.path.contains("\0") else {
                    throw PlaylistError(
                        file, line: index + 1, found: named.path.quotedForPlaylist,
                        expected: "the path of a movie, a folder or a playlist"
                    )
                }
                found.append(named)
            } catch {
                report(error)
            }
        }
        return found
    }

    private static func darwin(
        _ line: Substring, _ number: Int, _ file: String
    ) throws(PlaylistError) -> PlaylistLine? {
        guard let first = line.first, first != "#" else { return nil }
        guard first != "+" else {
            let (path, rest) = try path(in: line.dropFirst().trimmedBlanks, endsAtBlank: false, number, file)
            guard rest.isEmpty else {
                throw PlaylistError(file, line: number, found: rest.quotedForPlaylist, expected: "nothing more")
            }
            return PlaylistLine(item: .include, path: path, number: number)
        }
        let (path, rest) = try path(in: line, endsAtBlank: true, number, file)
        guard !rest.isEmpty else {
            return PlaylistLine(item: .entry(weight: PlaylistEntry.defaultWeight), path: path, number: number)
        }
        guard let weight = Int(rest), PlaylistEntry.weights.contains(weight) else {
            throw PlaylistError(
                file, line: number, found: "the weight \(rest.quotedForPlaylist)",
                expected: "1 to 10; a path with blanks goes in quotes"
            )
        }
        return PlaylistLine(item: .entry(weight: weight), path: path, number: number)
    }

    /// The path a line begins with, and what stands behind it.
    private static func path(
        in line: Substring, endsAtBlank: Bool, _ number: Int, _ file: String
    ) throws(PlaylistError) -> (String, Substring) {
        guard line.first == "\"" else {
            let end = endsAtBlank ? line.firstIndex { $0 == " " || $0 == "\t" } ?? line.endIndex : line.endIndex
            return (String(line[..<end]), line[end...].trimmedBlanks)
        }
        let inner = line.dropFirst()
        guard let end = inner.firstIndex(of: "\"") else {
            throw PlaylistError(
                file, line: number, found: line.quotedForPlaylist, expected: "a closing quote behind the path")
        }
        return (String(inner[..<end]), inner[inner.index(after: end)...].trimmedBlanks)
    }

    private static func extended(
        _ line: Substring, _ number: Int, _ file: String
    ) throws(PlaylistError) -> PlaylistLine? {
        guard let first = line.first, first != "#" else { return nil }
        guard !line.contains("://") else {
            throw PlaylistError(
                file, line: number, found: line.quotedForPlaylist, expected: "the path of a file on this machine")
        }
        return PlaylistLine(
            item: .entry(weight: PlaylistEntry.defaultWeight), path: String(line), number: number)
    }
}

extension StringProtocol {
    /// Without blanks and tabs at both ends.
    fileprivate var trimmedBlanks: SubSequence {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        guard let first = firstIndex(where: { !isBlank($0) }), let last = lastIndex(where: { !isBlank($0) }) else {
            return self[endIndex...]
        }
        return self[first...last]
    }
}

extension String {
    /// What stands behind the last dot of the last segment, in lower case; empty if there is none.
    var fileExtension: String {
        let name = self[(lastIndex(of: "/").map { index(after: $0) } ?? startIndex)...]
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "" }
        return name[name.index(after: dot)...].lowercased()
    }

    /// The folder a file is in, with its slash; empty for the working directory.
    var folder: Substring { self[..<(lastIndex(of: "/").map { index(after: $0) } ?? startIndex)] }
}
