import Foundation
import ISOMedia

/// What there is to know of a movie, in the units of people: seconds, bits a second, dates.
struct MovieReport: Encodable {
    let file: String
    let bytes: Int64
    let brands: [String]
    let name: String?
    let seconds: Double
    let timescale: UInt32
    let created: String?
    let modified: String?
    let isFragmented: Bool
    let hasSessionDescription: Bool
    let tracks: [TrackReport]
    /// Why tracks are left out.
    let unreadableTracks: [String]

    init(_ movie: Movie, file: String, bytes: Int64) {
        self.file = file
        self.bytes = bytes
        brands = movie.brands.map { "\($0)" }
        name = movie.name?.printable
        seconds = movie.seconds
        timescale = movie.timescale
        created = Self.date(movie.created)
        modified = Self.date(movie.modified)
        isFragmented = movie.isFragmented
        hasSessionDescription = movie.sessionDescription != nil
        tracks = movie.tracks.map(TrackReport.init)
        unreadableTracks = movie.unreadableTracks.map { "\($0)" }
    }

    static func date(_ seconds: Int64?) -> String? {
        seconds.map { Date(timeIntervalSince1970: TimeInterval($0)).ISO8601Format() }
    }

    var lines: [String] {
        var lines = ["\(file.printable): \(String(format: "%.3f", seconds)) s, \(bytes) bytes, tracks: \(tracks.count)"]
        func add(_ key: String, _ value: String?) {
            if let value { lines.append("  \(key.left(10))\(value)") }
        }
        add("name", name)
        add("brands", brands.isEmpty ? nil : brands.joined(separator: " "))
        add("created", created)
        add("modified", modified)
        if isFragmented { add("form", "in fragments") }
        if hasSessionDescription { add("hints", "a session description for all tracks") }
        for track in tracks { lines += track.lines }
        for reason in unreadableTracks { lines.append("unreadable track: \(reason)") }
        return lines
    }
}
