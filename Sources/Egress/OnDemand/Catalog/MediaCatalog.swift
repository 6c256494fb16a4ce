import ISOMedia
import Logging
import NIOCore
import Reflector
import Synchronization

/// The movies of a folder. Each is parsed once for all who look at it at the same time.
package final class MediaCatalog: Sendable {
    /// One file that is, or was, looked at.
    private final class Place: Sendable {
        let movie = Mutex(WeakMovie())
    }

    private struct WeakMovie {
        weak var movie: OpenedMovie?
    }

    /// Beyond, those that nobody looks at any more are forgotten.
    private static let mostPlaces = 256

    package let configuration: MediaConfiguration
    let threads: BlockingThreads
    let clock: StreamClock
    let batches = BatchStore()
    private let read: @Sendable (FileBytes) throws(MovieError) -> MovieProgram
    private let logger: Logger
    private let places = Mutex<[FileBytes.Identity: Place]>([:])

    /// `read` makes a program of a file that is open; it blocks, and is called on `threads`.
    package init(
        _ configuration: MediaConfiguration, threads: BlockingThreads, clock: StreamClock, logger: Logger,
        read: @escaping @Sendable (FileBytes) throws(MovieError) -> MovieProgram
    ) {
        self.configuration = configuration
        self.threads = threads
        self.clock = clock
        self.logger = logger
        self.read = read
    }

    /// The movie of that name; fails with `MediaRefusal`.
    func open(_ name: String, on eventLoop: any EventLoop) -> EventLoopFuture<OpenedMovie> {
        threads.run(on: eventLoop) { try self.opened(name) }
    }

    private func opened(_ name: String) throws(MediaRefusal) -> OpenedMovie {
        let file = try MovieFiles.open(name, below: configuration.folder)
        // Two who come at once parse it once; another file is not waited for.
        let result = place(of: file.identity).movie.withLock { known -> Result<OpenedMovie, MediaRefusal> in
            if let movie = known.movie { return .success(movie) }
            do throws(MovieError) {
                let movie = OpenedMovie(identity: file.identity, program: try read(file))
                known.movie = movie
                log(movie, name)
                return .success(movie)
            } catch {
                return .failure(MediaRefusal(error))
            }
        }
        return try result.get()
    }

    private func place(of identity: FileBytes.Identity) -> Place {
        places.withLock { places in
            if let place = places[identity] { return place }
            if places.count >= Self.mostPlaces {
                // One that is being parsed is kept by who does it.
                places = places.filter { $0.value.movie.withLockIfAvailable { $0.movie != nil } ?? true }
            }
            let place = Place()
            places[identity] = place
            return place
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
