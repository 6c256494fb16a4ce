/// The movies that a playlist has at this moment: folders are looked into, playlists read.
package struct PlaylistListing: Sendable, Equatable {
    /// In order.
    package private(set) var entries: [PlaylistEntry] = []
    /// What is missing or wrong; the rest counts all the same.
    package private(set) var problems: [PlaylistError] = []

    /// More movies are not played; what is beyond is a problem.
    static let mostEntries = 10_000
    /// A playlist within a playlist within …
    private static let mostDepth = 16
    /// Playlists that are read, each as often as it is named: a few that name each other often enough would take for ever.
    static let mostLists = 1000
    /// Names in a folder that are looked at.
    private static let mostNames = 100_000
    /// More problems are not told of.
    private static let mostProblems = 20
    /// What is played of a folder: its other files are none of our business.
    static let movieExtensions: Set<String> = [
        "3g2", "3gp", "aac", "avi", "flv", "m2ts", "m4a", "m4v", "mka", "mkv", "mov", "mp4", "mpg", "mts", "ts", "wav",
        "webm",
    ]

    private var lists = 0

    /// Reads what `items` name.
    package init(_ items: [PlaylistItem], files: PlaylistFiles) {
        for item in items {
            switch item {
            case .entry(let entry): add(entry, namedBy: nil, within: [], files)
            case .contents(let path): addContents(of: path, files)
            }
        }
    }

    private mutating func report(_ problem: PlaylistError) {
        if problems.count < Self.mostProblems { problems.append(problem) }
    }

    private mutating func addContents(of path: String, _ files: PlaylistFiles) {
        do throws(PlaylistFiles.Unreadable) {
            switch try files.kind(path) {
            case .folder: try addFolder(path, weight: PlaylistEntry.defaultWeight, files)
            case .file: include(path, namedBy: nil, within: [], files)
            }
        } catch {
            report(PlaylistError(path, found: error.reason, expected: "a playlist or a folder"))
        }
    }

    /// `place` is the line that names it; `outer` are the playlists that line is in.
    private mutating func add(
        _ entry: PlaylistEntry, namedBy place: (file: String, line: Int)?, within outer: [String],
        _ files: PlaylistFiles
    ) {
        do throws(PlaylistFiles.Unreadable) {
            switch try files.kind(entry.path) {
            case .folder: try addFolder(entry.path, weight: entry.weight, files)
            case .file where PlaylistText.isNamed(by: entry.path):
                include(entry.path, namedBy: place, within: outer, files)
            case .file: append(entry)
            }
        } catch {
            let found = place == nil ? error.reason : "\(entry.path.quotedForPlaylist), \(error.reason)"
            report(
                PlaylistError(
                    place?.file ?? entry.path, line: place?.line, found: found, expected: "a movie or a folder"))
        }
    }

    private mutating func append(_ entry: PlaylistEntry) {
        guard entries.count < Self.mostEntries else {
            return reportOnce(PlaylistError(entry.path, found: Self.tooMany, expected: "\(Self.mostEntries) at most"))
        }
        entries.append(entry)
    }

    private mutating func reportOnce(_ problem: PlaylistError) {
        if !problems.contains(where: { $0.found == problem.found }) { report(problem) }
    }

    private static let tooManyLists = "too many playlists within each other"
    private static let tooMany = "too many movies"

    /// The movies of a folder by name; not those of folders in it.
    private mutating func addFolder(
        _ path: String, weight: Int, _ files: PlaylistFiles
    ) throws(PlaylistFiles.Unreadable) {
        let folder = path.hasSuffix("/") ? path : path + "/"
        for name in try files.names(folder, Self.mostNames).sorted() {
            guard !name.hasPrefix("."), Self.movieExtensions.contains(name.fileExtension),
                let kind = try? files.kind(folder + name), case .file = kind
            else { continue }
            append(PlaylistEntry(path: folder + name, weight: weight))
        }
    }

    private mutating func include(
        _ path: String, namedBy place: (file: String, line: Int)?, within outer: [String], _ files: PlaylistFiles
    ) {
        guard lists < Self.mostLists else {
            return reportOnce(PlaylistError(path, found: Self.tooManyLists, expected: "\(Self.mostLists) at most"))
        }
        lists += 1
        let own = files.canonical(path)
        if outer.contains(own) || outer.count >= Self.mostDepth {
            let found =
                outer.contains(own) ? "\(path.quotedForPlaylist), which this is part of" : "too many within each other"
            return report(
                PlaylistError(place?.file ?? path, line: place?.line, found: found, expected: "another playlist"))
        }
        do throws(PlaylistError) {
            let (lines, wrong) = try lines(of: path, namedBy: place, files)
            for problem in wrong { report(problem) }
            for line in lines {
                let target = line.path.hasPrefix("/") ? line.path : path.folder + line.path
                switch line.item {
                case .include: include(target, namedBy: (path, line.number), within: outer + [own], files)
                case .entry(let weight):
                    add(
                        PlaylistEntry(path: target, weight: weight), namedBy: (path, line.number),
                        within: outer + [own], files)
                }
            }
        } catch {
            report(error)
        }
    }

    /// Those that name something, and what is wrong with others.
    private func lines(
        of path: String, namedBy place: (file: String, line: Int)?, _ files: PlaylistFiles
    ) throws(PlaylistError) -> (lines: [PlaylistLine], wrong: [PlaylistError]) {
        let bytes: [UInt8]
        do throws(PlaylistFiles.Unreadable) {
            bytes = try files.read(path, PlaylistText.mostBytes)
        } catch {
            let found = place == nil ? error.reason : "\(path.quotedForPlaylist), \(error.reason)"
            throw PlaylistError(place?.file ?? path, line: place?.line, found: found, expected: "a playlist")
        }
        // Most often one that is being saved.
        guard !bytes.isEmpty else { throw PlaylistError(path, found: "an empty file", expected: "a playlist") }
        guard bytes.count <= PlaylistText.mostBytes else {
            throw PlaylistError(path, found: "more than \(PlaylistText.mostBytes) bytes", expected: "a playlist")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw PlaylistError(path, found: "bytes that are not UTF-8", expected: "a playlist in UTF-8")
        }
        var wrong: [PlaylistError] = []
        let lines = try PlaylistText.parse(text, file: path) { problem in
            if wrong.count < Self.mostProblems { wrong.append(problem) }
        }
        return (lines, wrong)
    }
}
