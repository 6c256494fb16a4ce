import ISOMedia
import NIOCore
import Synchronization

/// Movies as HLS: playlists of all of them, and segments that are made when they are asked for. Any thread may ask.
package final class OnDemandService: Sendable {
    /// A movie that is cut.
    private struct Cut: Sendable {
        let plan: SegmentPlan
        let variants: HLSResource
        let playlist: HLSResource
        let initialization: ByteBuffer?
    }

    private struct Kept {
        var outcome: Result<Cut, MovieError>
        var movie: OnDemandMovie
        var lastUse: NIODeadline
    }

    private struct State {
        /// By tag.
        var movies: [String: Kept] = [:]
        var isSweeping = false
    }

    /// Movies that are kept open for who goes on watching, each with its tables.
    private static let mostKept = 8
    /// After the last request: longer than a player takes for what it has ahead.
    private static let keepingTime = TimeAmount.seconds(60)
    /// Of a file that grows: who stopped for a while finds the segments that it was told of, and nobody else can cut them again.
    private static let growingTime = TimeAmount.minutes(10)
    private static let look = Duration.seconds(15)
    /// Segments that are made, or wait for a thread.
    private static let mostUnderWay = 256
    private static let busy = HLSResource.unavailable("too many segments are asked for at once")

    private let configuration: HLSConfiguration
    private let cuts: SharedWork<String, Result<Cut, MovieError>>
    private let segments: SharedWork<String, HLSResource>
    private let state = Mutex(State())

    /// `submit` has work called once, on a thread that may block, or with false where there are none any more.
    package init(
        configuration: HLSConfiguration,
        submit: @escaping @Sendable (_ work: @escaping @Sendable (_ isRunning: Bool) -> Void) -> Void
    ) {
        self.configuration = configuration
        cuts = SharedWork(mostUnderWay: Self.mostUnderWay, submit: submit)
        segments = SharedWork(mostUnderWay: Self.mostUnderWay, submit: submit)
    }

    /// What stands behind the name of a file below a movie's path.
    ///
    /// `.notFound` for a segment that is none, or of a file that was there before. For one of a file that has grown, `movie` is its
    /// `owner` still, as long as that is what the file begins with.
    package func resource(of movie: OnDemandMovie, file: OnDemandFile) async -> HLSResource {
        let tag = OnDemandFile.tag(of: movie.identity, configuration)
        switch file {
        case .initialization(let asked), .segment(let asked, _, _):
            guard asked == tag else { return .notFound }
        case .variants, .playlist: break
        }
        guard let outcome = await cut(movie, tag) else { return Self.busy }
        switch outcome {
        case .success(let cut): return await resource(file, of: cut, movie)
        case .failure(let error): return Self.refusal(error)
        }
    }

    /// What keeps the movie open that a file is of, as it is kept here; `nil` for a playlist, and for one that is not kept.
    package func owner(of file: OnDemandFile) -> (any Sendable & AnyObject)? {
        switch file {
        case .initialization(let tag), .segment(let tag, _, _): state.withLock { $0.movies[tag]?.movie.owner }
        case .variants, .playlist: nil
        }
    }

    private func resource(_ file: OnDemandFile, of cut: Cut, _ movie: OnDemandMovie) async -> HLSResource {
        switch file {
        case .variants: return cut.variants
        case .playlist: return cut.playlist
        case .initialization:
            guard let bytes = cut.initialization else { return .notFound }
            return .media(bytes, contentType: cut.plan.form.contentType, tag: file.name)
        case .segment(_, let number, let ending):
            guard cut.plan.segments.indices.contains(number), ending == cut.plan.form.fileExtension else {
                return .notFound
            }
            let made = await segments.value(for: file.name) {
                Self.segment(number, of: cut.plan, movie.bytes, named: file.name)
            }
            return made ?? Self.busy
        }
    }

    private static func segment(
        _ number: Int, of plan: SegmentPlan, _ bytes: any RandomAccessBytes, named name: String
    ) -> HLSResource {
        do {
            let segment = try plan.make(number, from: bytes)
            guard segment.readableBytes > 0 else {
                return .unsupported("nothing in this segment can be shown")
            }
            return .media(segment, contentType: plan.form.contentType, tag: name)
        } catch let error as MovieError {
            return refusal(error)
        } catch {
            return .unsupported("\(error)")
        }
    }

    private static func refusal(_ error: MovieError) -> HLSResource {
        switch error {
        // Who asks again finds the file that is there then.
        case .changed, .unreadable, .notAtHand: .unavailable("the movie cannot be read now")
        default: .unsupported("\(error)")
        }
    }

    // MARK: Movies that are kept

    private func cut(_ movie: OnDemandMovie, _ tag: String) async -> Result<Cut, MovieError>? {
        if let known = used(tag) { return known }
        let configuration = configuration
        let made = await cuts.value(for: tag) { Self.cut(movie, tag, configuration) }
        guard let made else { return nil }
        switch made {
        // Not to be remembered: it may be better the next time.
        case .failure(.unreadable), .failure(.changed): break
        default: keep(made, of: movie, tag)
        }
        return made
    }

    private static func cut(
        _ movie: OnDemandMovie, _ tag: String, _ configuration: HLSConfiguration
    ) -> Result<Cut, MovieError> {
        Result { () throws(MovieError) in
            let tracks = try MovieTracks(
                of: movie.movie, in: movie.bytes, makesFragments: configuration.makesFragments)
            let plan = try SegmentPlan(
                tracks, target: configuration.segmentDuration, fileSize: movie.bytes.size)
            let initialization: ByteBuffer?
            do { initialization = try plan.initialization() } catch { throw .nothingToPlay("\(error)") }
            return Cut(
                plan: plan, variants: .playlist(plan.variants.text, reloadAfter: .seconds(60)),
                playlist: .playlist(plan.playlist(tag: tag).text, reloadAfter: .seconds(60)),
                initialization: initialization)
        }
    }

    private func used(_ tag: String) -> Result<Cut, MovieError>? {
        state.withLock { state in
            state.movies[tag]?.lastUse = .now()
            return state.movies[tag]?.outcome
        }
    }

    private func keep(_ outcome: Result<Cut, MovieError>, of movie: OnDemandMovie, _ tag: String) {
        let (forgotten, begins) = state.withLock { state -> (Kept?, Bool) in
            var forgotten: Kept?
            if state.movies.count >= Self.mostKept, state.movies[tag] == nil,
                let oldest = state.movies.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                forgotten = state.movies.removeValue(forKey: oldest.key)
            }
            state.movies[tag] = Kept(outcome: outcome, movie: movie, lastUse: .now())
            defer { state.isSweeping = true }
            return (forgotten, !state.isSweeping)
        }
        // Not let go under the lock: a file is closed with it.
        _ = forgotten
        guard begins else { return }
        Task { [weak self] in
            repeat { try? await Task.sleep(for: Self.look) } while self?.sweep(at: .now()) == true
        }
    }

    /// Lets go what nobody has asked for in a while; true where there is more.
    func sweep(at now: NIODeadline) -> Bool {
        let (_, rest) = state.withLock { state -> ([Kept], Bool) in
            let old = state.movies.filter { _, kept in
                now - kept.lastUse >= (kept.movie.isGrowing ? Self.growingTime : Self.keepingTime)
            }
            for tag in old.keys { state.movies[tag] = nil }
            state.isSweeping = !state.movies.isEmpty
            return (Array(old.values), state.isSweeping)
        }
        return rest
    }
}
