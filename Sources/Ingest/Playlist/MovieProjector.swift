import LibAV
import Logging
import Media
import NIOCore
import RTSPTransport

/// Reads one movie of a list after the other, on a thread of its own, a little ahead of what is played.
struct MovieProjector {
    /// A movie is told to begin when each track has come, or so many units have.
    private static let mostUnitsToBegin = 500
    /// Or so many bytes.
    private static let mostBytesToBegin = 8 << 20

    /// How long a list of which nothing can be played is left alone.
    static let backoff = Backoff(base: .seconds(1), ceiling: .seconds(30))

    private let items: [PlaylistItem]
    private let files: PlaylistFiles
    private let output: ReadAhead
    private let logger: Logger
    private var progress: PlaylistProgress
    private var resumption: PlaylistPosition?
    private var timeline = MovieTimeline()
    private var random = SystemRandomNumberGenerator()
    private var backoff: Backoff
    /// Movies of this round that were played.
    private var played = 0
    /// What was said of a movie last, so that it is not said at every round.
    private var told: [String: String] = [:]
    private static let mostTold = 1000

    /// Begins where `position` says, else with the list's first movie.
    init(
        _ configuration: PlaylistConfiguration, from position: PlaylistPosition?, files: PlaylistFiles = .system,
        backoff: Backoff = MovieProjector.backoff, into output: ReadAhead, logger: Logger
    ) {
        items = configuration.items
        progress = position?.progress ?? PlaylistProgress(order: configuration.order)
        resumption = position
        self.files = files
        self.backoff = backoff
        self.output = output
        self.logger = logger
    }

    /// Returns when the list is over, or nobody wants any more of it.
    mutating func run() {
        if let position = resumption.take() {
            // It was played before, whatever is left of it.
            played = 1
            play(position.entry, from: position.movieTime)
        } else {
            beginRound()
        }
        while !output.isClosed {
            if let entry = progress.next(using: &random) {
                play(entry, from: nil)
            } else if played > 0 {
                backoff.reset()
                if progress.order == .once {
                    _ = output.append(.over)
                    return
                }
                beginRound()
            } else {
                _ = output.append(.nothing)
                output.pause(backoff.next(random: .random(in: 0...1)))
                beginRound()
            }
        }
    }

    /// Folders and playlists are read anew.
    private mutating func beginRound() {
        played = 0
        let listing = PlaylistListing(items, files: files)
        for problem in listing.problems {
            say("playlist incomplete", "\(problem)", of: "\(problem.file):\(problem.line ?? 0)", .error)
        }
        // A list that is being saved at this moment, or a disk that is gone for a while, is no empty list.
        if listing.entries.isEmpty, !listing.problems.isEmpty {
            progress.beginAgain()
        } else {
            progress.begin(listing.entries)
        }
    }

    private mutating func play(_ entry: PlaylistEntry, from time: Int64?) {
        do throws(LibAVError) {
            let reader = try MovieReader(path: entry.path) { [output] in !output.isClosed }
            if let time { reader.seek(to: time) }
            if !reader.leftOut.isEmpty {
                let names = reader.leftOut.joined(separator: ", ")
                say("tracks left out", names, of: entry.path, .warning)
            }
            guard try show(reader, entry) || output.isClosed else {
                return say("movie skipped", "it has no key frame and no sound", of: entry.path, .error)
            }
            played += 1
            told[Self.skipped(entry.path)] = nil
        } catch {
            if !output.isClosed { say("movie skipped", error.reason, of: entry.path, .error) }
        }
    }

    /// Puts a movie out to its end, or to where it breaks; `false` where there was nothing of it.
    private mutating func show(_ reader: MovieReader, _ entry: PlaylistEntry) throws(LibAVError) -> Bool {
        let kinds = reader.tracks.map { TrackDescription($0) }
        var opening = MovieOpening(pictures: kinds.firstIndex { $0.kind == .video })
        var beginning = CircularBuffer<MovieReader.Unit>()
        var bytes = 0
        var firsts = [Int64?](repeating: nil, count: kinds.count)
        var newest = firsts
        while firsts.contains(nil), beginning.count < Self.mostUnitsToBegin, bytes < Self.mostBytesToBegin,
            let unit = try reader.next()
        {
            guard opening.takes(unit) else { continue }
            firsts[unit.track] = firsts[unit.track] ?? unit.presentationTime
            newest[unit.track] = max(newest[unit.track] ?? .min, unit.presentationTime)
            bytes += unit.parts.reduce(0) { $0 + $1.readableBytes }
            beginning.append(unit)
        }
        guard !beginning.isEmpty else { return false }
        timeline.begin(zip(kinds.map(\.kind), firsts).map { (kind: $0, first: $1) }, newest: newest)
        let position = PlaylistPosition(entry: entry, progress: progress, movieTime: nil)
        guard output.append(.movie(position, tracks: kinds)) else { return true }
        while let unit = beginning.popFirst() {
            guard put(unit) else { return true }
        }
        do throws(LibAVError) {
            while let unit = try reader.next() {
                if opening.takes(unit), !put(unit) { return true }
            }
        } catch {
            if !output.isClosed { say("movie cut short", error.reason, of: entry.path, .error) }
        }
        if reader.malformed > 0 {
            say("movie has broken packets", "\(reader.malformed)", of: entry.path, .warning)
        }
        return true
    }

    private mutating func put(_ unit: MovieReader.Unit) -> Bool {
        let (presentation, decoding) = timeline.place(
            track: unit.track, presentation: unit.presentationTime, decoding: unit.decodingTime, duration: unit.duration
        )
        return output.append(
            .unit(
                PlaylistUnit(
                    track: unit.track, presentationTime: presentation, decodingTime: decoding,
                    movieTime: unit.presentationTime, parts: unit.parts)))
    }

    private static func skipped(_ movie: String) -> String { "movie skipped \(movie)" }

    /// Once, until there is something else to be said of it.
    private mutating func say(_ message: Logger.Message, _ reason: String, of movie: String, _ level: Logger.Level) {
        let key = "\(message) \(movie)"
        guard told[key] != reason else { return }
        if told.count >= Self.mostTold { told.removeAll() }
        told[key] = reason
        logger.log(level: level, message, metadata: ["movie": "\(movie)", "reason": "\(reason)"])
    }
}
