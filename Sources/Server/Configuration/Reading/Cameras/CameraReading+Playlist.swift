import Ingest
import NIOCore
import Yams

/// Movies that are played as if a camera sent them.
extension CameraReading {
    /// The keys that only they have.
    static let playlistKeys = ["playlist", "file", "loop"]
    /// The keys of all cameras that they may have too.
    private static let sharedKeys = ["title", "groups", "on_demand", "linger", "timeout"]
    /// More are better kept in a file of their own.
    private static let mostItems = 1000

    /// `playlist:` or `file:`; `nil` where something is wrong, which is then reported.
    func playlist(_ field: ConfigurationSection.Field) -> StreamConfiguration? {
        let errorsBefore = section.reading.errors.count
        let own = field.name == "file" ? ["file", "loop"] : ["playlist"]
        let settings = PullSettings(section).over(defaults)
        reportBeside(field, own)
        var playlist = field.name == "file" ? single(field) : listed(field)
        section.end()
        guard section.reading.errors.count == errorsBefore else { return nil }
        if let onDemand = settings.onDemand { playlist?.onDemand = onDemand }
        if let linger = settings.linger { playlist?.linger = linger }
        if let timeout = settings.timeout { playlist?.timeout = timeout }
        return playlist.map { StreamConfiguration(path: name, source: .playlist($0)) }
    }

    private func reportBeside(_ field: ConfigurationSection.Field, _ own: [String]) {
        let kept = Self.sharedKeys + own
        for key in Self.keys where !kept.contains(key) {
            guard let other = section.field(key) else { continue }
            section.reading.report(
                other.keyPlace, other.keyPath, found: "\(key) beside \(field.name)",
                expected: "\(kept.joined(separator: ", ")) alone",
                hint: key == "loop" ? "order and loop of a list stand in the list: {files: [a.mp4], loop: true}" : nil
            )
        }
    }

    /// `file: test.mov` and `loop: true`.
    private func single(_ field: ConfigurationSection.Field) -> PlaylistConfiguration? {
        let loops = section.value("loop", ConfigurationValue.boolean) ?? true
        guard let path = path(field, section) else { return nil }
        let item = PlaylistItem.entry(PlaylistEntry(path: path))
        section.reading.remember(item, field)
        return PlaylistConfiguration(items: [item], order: loops ? .looped : .once)
    }

    /// `playlist: night.ply`, or `playlist: {files: […], …}`.
    private func listed(_ field: ConfigurationSection.Field) -> PlaylistConfiguration? {
        if case .scalar = field.node {
            guard let path = path(field, section) else { return nil }
            section.reading.remember(.contents(of: path), field)
            return PlaylistConfiguration(items: [.contents(of: path)])
        }
        guard let list = section.section(field, hint: "the path of a playlist or a folder, or {files: [a.mp4]}") else {
            return nil
        }
        let order = order(list)
        let items = items(list)
        list.end()
        return PlaylistConfiguration(items: items, order: order)
    }

    private enum Order: String, CaseIterable {
        case sequential, random
    }

    private func order(_ list: ConfigurationSection) -> PlaylistOrder {
        let order = list.value("order") { text throws(Expectation) in
            try ConfigurationValue.word(text, of: Order.self)
        }
        let loops = list.value("loop", ConfigurationValue.boolean)
        let recent = list.value("recent") { text throws(Expectation) in
            try ConfigurationValue.count(text, in: 1...PlaylistOrder.mostRecent)
        }
        guard order == .random else {
            if recent != nil, let field = list.field("recent") {
                list.reading.report(
                    field.keyPlace, field.keyPath, found: "recent in sequential order", expected: "order: random")
            }
            return loops == false ? .once : .looped
        }
        if loops == false, let field = list.field("loop") {
            list.reading.report(
                field.place, field.keyPath, found: "\"false\" in random order", expected: "true",
                hint: "order: random goes on for ever"
            )
        }
        return .random(recent: recent ?? PlaylistOrder.defaultRecent)
    }

    private func items(_ list: ConfigurationSection) -> [PlaylistItem] {
        let expected = "a list of movies and folders, such as [a.mp4, {file: b.mp4, weight: 3}, folder/]"
        guard let field = list.field("files") else {
            list.reportMissing("files", expected: expected)
            return []
        }
        guard !list.reading.refusesAnchor(field.node, field.keyPath) else { return [] }
        guard case .sequence(let sequence) = field.node, (1...Self.mostItems).contains(sequence.count) else {
            let found = field.node.sequence.map { "\($0.count) of them" } ?? field.node.kind
            list.reading.report(
                field.place, field.keyPath, found: found, expected: expected,
                hint: field.node.sequence.map { $0.isEmpty ? nil : "write them into a playlist's file" } ?? nil)
            return []
        }
        return sequence.enumerated().compactMap { index, node in
            let field = ConfigurationSection.Field(
                name: field.name, keyPath: "\(field.keyPath)[\(index)]", keyPlace: Place(node.mark), node: node)
            return item(field, list)
        }
    }

    private func item(_ field: ConfigurationSection.Field, _ list: ConfigurationSection) -> PlaylistItem? {
        guard case .mapping = field.node else {
            guard let path = path(field, list) else { return nil }
            let item = PlaylistItem.entry(PlaylistEntry(path: path))
            list.reading.remember(item, field)
            return item
        }
        guard let section = list.section(field) else { return nil }
        let weight = section.value("weight") { text throws(Expectation) in
            try ConfigurationValue.count(text, in: PlaylistEntry.weights)
        }
        defer { section.end() }
        guard let file = section.field("file") else {
            section.reportMissing("file", expected: "the path of a movie or a folder")
            return nil
        }
        guard let path = path(file, section) else { return nil }
        let item = PlaylistItem.entry(PlaylistEntry(path: path, weight: weight ?? PlaylistEntry.defaultWeight))
        section.reading.remember(item, file)
        return item
    }

    /// Relative to the configuration file.
    private func path(_ field: ConfigurationSection.Field, _ section: ConfigurationSection) -> String? {
        guard let text = section.text(field) else { return nil }
        guard !text.text.isEmpty, !text.text.contains("\0"), !text.text.contains("://") else {
            section.report(field, text, Expectation("the path of a file or a folder on this machine"))
            return nil
        }
        return section.reading.variables.path(of: text.text)
    }
}

/// A place in the configuration that names movies, to be looked for where somebody asks.
struct MovieReference {
    var place: Place
    var keyPath: String
    var item: PlaylistItem
}

extension ConfigurationReading {
    fileprivate func remember(_ item: PlaylistItem, _ field: ConfigurationSection.Field) {
        movies.append(MovieReference(place: field.place, keyPath: field.keyPath, item: item))
    }

    /// Reports what is missing or wrong in playlists and folders, and lists without a single movie: nobody is to wait for one.
    func checkMovies(_ files: PlaylistFiles) {
        for movie in movies {
            let listing = PlaylistListing([movie.item], files: files)
            for problem in listing.problems {
                let isItself = problem.file == movie.item.path && problem.line == nil
                report(
                    movie.place, movie.keyPath,
                    found: isItself
                        ? "\(movie.item.path.quotedForError), \(problem.found.printable)"
                        : "a playlist with \("\(problem)".printable)",
                    expected: isItself ? problem.expected : "movies that can be read"
                )
            }
            guard listing.entries.isEmpty, listing.problems.isEmpty else { continue }
            report(
                movie.place, movie.keyPath, found: "\(movie.item.path.quotedForError) without a movie",
                expected: "at least one", hint: "a folder is looked into at each round, not so the folders in it")
        }
    }
}
