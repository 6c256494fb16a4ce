/// What is wrong with a playlist, and where.
package struct PlaylistError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The playlist's file, or the movie or folder itself where no playlist names it.
    package var file: String
    /// Counted from 1; `nil` where the file as a whole is meant.
    package var line: Int?
    package var found: String
    package var expected: String

    package init(_ file: String, line: Int? = nil, found: String, expected: String) {
        self.file = file
        self.line = line
        self.found = found
        self.expected = expected
    }

    /// `night.ply:7: found the weight "12", expected 1 to 10`
    package var description: String {
        "\(file)\(line.map { ":\($0)" } ?? ""): found \(found), expected \(expected)"
    }
}

extension StringProtocol {
    /// In quotes and not too long, for an error.
    var quotedForPlaylist: String { "\"\(count > 80 ? "\(prefix(77))…" : String(self))\"" }
}
