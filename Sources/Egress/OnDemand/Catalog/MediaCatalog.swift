import ISOMedia
import Logging
import NIOCore
import Reflector
import Synchronization

/// The movies of a folder. Each is parsed once for all who look at it at the same time, and is there for some seconds longer.
package final class MediaCatalog: Sendable {
    /// One file that is, or was, looked at.
    private enum Place {
        /// Goes to `opened`, or is forgotten where it is no movie.
        case parsing(AwaitedFile, waiting: [EventLoopPromise<OpenedMovie>])
        /// Nothing is kept of a movie that nobody looks at any more.
        case opened(WeakMovie)
    }

    private struct WeakMovie {
        weak var movie: OpenedMovie?
    }

    private struct Kept {
        let movie: OpenedMovie
        let until: NIODeadline
    }

    private struct State {
        var places: [FileBytes.Identity: Place] = [:]
        /// Files that are parsed, or will be.
        var parsings = 0
        var kept: [Kept] = []
        /// The server stops.
        var isClosed = false

        mutating func find(
            _ file: FileBytes, for asker: MovieAsker, _ promise: EventLoopPromise<OpenedMovie>,
            among slow: SlowParsings
        ) -> Finding {
            guard !isClosed else { return .closed }
            var waiting = [promise]
            switch places[file.identity] {
            case .opened(let known): if let movie = known.movie { return .known(movie) }
            case .parsing(let parsing, let others):
                waiting = others + waiting
                if parsing.join(asker) {
                    places[file.identity] = .parsing(parsing, waiting: waiting)
                    return .waits
                }
            case nil: break
            }
            guard parsings < mostParsings else { return .busy }
            if places.count >= mostPlaces {
                places = places.filter { place in
                    switch place.value {
                    case .parsing: true
                    case .opened(let known): known.movie != nil
                    }
                }
            }
            let awaited = AwaitedFile(file, for: asker, among: slow)
            places[file.identity] = .parsing(awaited, waiting: waiting)
            parsings += 1
            return .parse(awaited)
        }

        /// The file as somebody has looked at it a moment ago, where nobody knows it as it is.
        func justGrown(into file: FileBytes.Identity, at now: NIODeadline) -> OpenedMovie? {
            if case .opened(let known) = places[file], known.movie != nil { return nil }
            return places.values.lazy.compactMap { place -> OpenedMovie? in
                guard case .opened(let known) = place, let movie = known.movie else { return nil }
                return movie.hasJustGrown(into: file, at: now) ? movie : nil
            }.max { $0.identity.size < $1.identity.size }
        }
    }

    private enum Finding {
        case known(OpenedMovie)
        case waits
        case parse(AwaitedFile)
        case busy
        case closed
    }

    /// Beyond, those that nobody looks at any more are forgotten.
    private static let mostPlaces = 256
    /// Files that wait to be parsed.
    private static let mostParsings = 64
    /// Who asks again soon, perhaps on another connection, costs no parsing. One may have up to 64 MiB of tables.
    private static let mostKept = 4
    private static let keepingTime = TimeAmount.seconds(10)

    package let configuration: MediaConfiguration
    let threads: BlockingThreads
    /// For who fetches movies over HTTP, whole or in segments: who plays does not wait for them.
    package let transfers: BlockingThreads
    let clock: StreamClock
    let batches = BatchStore()
    private let parsers: BlockingThreads
    private let slow: SlowParsings
    private let read: @Sendable (any RandomAccessBytes) throws(MovieError) -> MovieProgram
    private let logger: Logger
    private let state = Mutex(State())
    /// By event loop.
    private let wheels = Mutex<[ObjectIdentifier: NIOLoopBound<TimingWheel>]>([:])

    /// `read` makes a program of a file that is open; it may take long, and is called on `parsers`, so that who plays does not wait for
    /// it: `threads` are for what is read of movies that are played, `transfers` for what goes out over HTTP. Of the parsings that take
    /// longer than a moment only `slowParsings` go on, which has to be less than there are `parsers`: others are refused as busy, so
    /// that a thread is left for movies that are parsed at once, as nearly all are.
    package init(
        _ configuration: MediaConfiguration, threads: BlockingThreads, transfers: BlockingThreads,
        parsers: BlockingThreads, slowParsings: Int = .max, clock: StreamClock, logger: Logger,
        read: @escaping @Sendable (any RandomAccessBytes) throws(MovieError) -> MovieProgram
    ) {
        self.configuration = configuration
        self.threads = threads
        self.transfers = transfers
        self.parsers = parsers
        slow = SlowParsings(atMost: slowParsings)
        self.clock = clock
        self.logger = logger
        self.read = read
    }

    /// What wakes the deliveries of an event loop, which must be the current one.
    func wheel(of eventLoop: any EventLoop) -> TimingWheel {
        wheels.withLock { wheels in
            if let known = wheels[ObjectIdentifier(eventLoop)] { return known }
            let wheel = NIOLoopBound(TimingWheel(clock, on: eventLoop), eventLoop: eventLoop)
            wheels[ObjectIdentifier(eventLoop)] = wheel
            return wheel
        }.value
    }

    /// The movie of that name; fails with `MediaRefusal`. It is not parsed to the end where all who asked for it have left.
    ///
    /// The file is looked for on `threads`, `nil` for those of who plays. Of one that grows `known` will do, however old it is; and for
    /// some seconds what others have been told.
    func open(
        _ name: String, for asker: MovieAsker, on eventLoop: any EventLoop, by threads: BlockingThreads? = nil,
        known: OpenedMovie? = nil
    ) -> EventLoopFuture<OpenedMovie> {
        let promise = eventLoop.makePromise(of: OpenedMovie.self)
        (threads ?? self.threads).submit { isRunning in
            guard isRunning else { return promise.fail(BlockingThreads.Stopped()) }
            do throws(MediaRefusal) {
                let file = try MovieFiles.open(name, below: self.configuration.folder)
                if let movie = self.grown(into: file.identity, known), movie.isIntact { return promise.succeed(movie) }
                self.find(file, name, for: asker, promise)
            } catch {
                promise.fail(error)
            }
        }
        return promise.futureResult
    }

    private func grown(into file: FileBytes.Identity, _ known: OpenedMovie?) -> OpenedMovie? {
        if let known, known.hasGrown(into: file) { return known }
        return state.withLock { $0.justGrown(into: file, at: clock.now()) }
    }

    private func find(
        _ file: FileBytes, _ name: String, for asker: MovieAsker, _ promise: EventLoopPromise<OpenedMovie>
    ) {
        let finding = state.withLock { $0.find(file, for: asker, promise, among: slow) }
        switch finding {
        case .known(let movie): promise.succeed(movie)
        case .waits: break
        case .busy: promise.fail(MediaRefusal.busy)
        case .closed: promise.fail(BlockingThreads.Stopped())
        case .parse(let file):
            parsers.submit { isRunning in
                guard isRunning else { return self.parsed(file, .failure(BlockingThreads.Stopped())) }
                let begin = NIODeadline.now()
                file.begin(at: begin)
                do throws(MovieError) {
                    let program = try self.parse(file)
                    guard file.parsed() else { throw .unreadable(code: 0) }
                    _ = file.end()
                    let movie = OpenedMovie(file, program: program, from: begin, to: .now())
                    self.log(movie, name)
                    self.keep(movie, on: promise.futureResult.eventLoop)
                    self.parsed(file, .success(movie))
                } catch {
                    self.parsed(file, .failure(file.end() ? .busy : MediaRefusal(error)))
                }
            }
        }
    }

    private func parse(_ file: AwaitedFile) throws(MovieError) -> MovieProgram {
        let program: MovieProgram
        do throws(MovieError) {
            program = try read(file)
        } catch {
            // Nonsense may have come of being written over meanwhile.
            try file.expectIntact()
            throw error
        }
        try file.settle(mayGrow: program.mayGrow)
        return program
    }

    /// Gives up what is being parsed: who waits for it fails with `BlockingThreads.Stopped`, and whatever comes of it is told to nobody,
    /// for event loops may have ended by then.
    package func close() {
        let (waiting, forgotten) = state.withLock { state -> ([EventLoopPromise<OpenedMovie>], [Kept]) in
            var waiting: [EventLoopPromise<OpenedMovie>] = []
            for case .parsing(let file, let others) in state.places.values {
                file.giveUp()
                waiting += others
            }
            defer { (state.places, state.kept, state.isClosed) = ([:], [], true) }
            return (waiting, state.kept)
        }
        _ = forgotten
        for promise in waiting { promise.fail(BlockingThreads.Stopped()) }
    }

    /// Tells all who wait.
    private func parsed(_ file: AwaitedFile, _ result: Result<OpenedMovie, any Error>) {
        let waiting = state.withLock { state -> [EventLoopPromise<OpenedMovie>] in
            state.parsings -= 1
            // One that was given up may be parsed anew already.
            guard case .parsing(let current, let waiting) = state.places[file.identity], current === file else {
                return []
            }
            state.places[file.identity] = (try? result.get()).map { .opened(WeakMovie(movie: $0)) }
            return waiting
        }
        for promise in waiting { promise.completeWith(result) }
    }

    private func keep(_ movie: OpenedMovie, on eventLoop: any EventLoop) {
        let forgotten = state.withLock { state -> [Kept]? in
            guard !state.isClosed else { return nil }
            state.kept.append(Kept(movie: movie, until: .now() + Self.keepingTime))
            defer { state.kept = state.kept.suffix(Self.mostKept) }
            // Not let go under the lock: a file is closed with it.
            return state.kept.dropLast(Self.mostKept)
        }
        guard forgotten != nil else { return }
        eventLoop.scheduleTask(in: Self.keepingTime) { [weak self] in
            let now = NIODeadline.now()
            _ = self?.state.withLock { state -> [Kept] in
                defer { state.kept.removeAll { $0.until <= now } }
                return state.kept.filter { $0.until <= now }
            }
        }
    }

    private func log(_ movie: OpenedMovie, _ name: String) {
        for track in movie.program.leftOut {
            logger.notice(
                "movie without one of its tracks",
                metadata: ["movie": "\(name)", "track": "\(track.track)", "reason": "\(track.reason)"])
        }
        logger.debug(
            "movie opened", metadata: ["movie": "\(name)", "tracks": "\(movie.program.tracks.count)"])
    }
}
