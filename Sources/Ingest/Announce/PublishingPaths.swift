import NIOConcurrencyHelpers
import NIOCore
import Reflector
import Synchronization

/// The paths that are open to publishers: single ones, and all below a prefix; any thread may ask.
package final class PublishingPaths: Sendable {
    /// A prefix below which anybody may publish.
    package struct Prefix: Sendable {
        let path: StreamPath
        let configuration: AnnounceConfiguration

        /// `incoming` opens `incoming/a` and `incoming/a/b`, and not `incoming` itself.
        package init(_ path: StreamPath, configuration: AnnounceConfiguration) {
            self.path = path
            self.configuration = configuration
        }
    }

    /// What becomes of somebody who wants to publish to a path.
    enum Admission {
        case open(Lease)
        /// There is a stream that has a source of its own, or the name is none.
        case notForPublishing
        case unknown
        /// There are as many paths below the prefix as there may be.
        case full
        case closed
    }

    /// A publisher's hold on a path: while there is one, the stream stays.
    final class Lease: Sendable {
        let published: PublishedStream
        private let paths: PublishingPaths
        private let isReleased = Atomic(false)

        fileprivate init(_ published: PublishedStream, of paths: PublishingPaths) {
            self.published = published
            self.paths = paths
        }

        /// Idempotent; `wasUsed` tells whether anything was ever published.
        func release(wasUsed: Bool) {
            guard !isReleased.exchange(true, ordering: .relaxed) else { return }
            paths.released(published, wasUsed: wasUsed)
        }
    }

    /// A stream below a prefix.
    fileprivate struct Passing {
        let published: PublishedStream
        let prefix: Int
        var leases = 0
        /// Grows with every lease: who waits to take the stream away sees that somebody came.
        var visits = 0
        var wasUsed = false
    }

    fileprivate struct State {
        var passing: [StreamPath: Passing] = [:]
        var isClosed = false
    }

    private let directory: StreamDirectory
    private let single: [StreamPath: PublishedStream]
    private let prefixes: [Prefix]
    private let makeStream: @Sendable (StreamPath, any EventLoop) -> Stream
    private let state = NIOLockedValueBox(State())

    /// `streams` stand in `directory` already; `makeStream` makes those below a prefix, at home on the loop given.
    package init(
        directory: StreamDirectory,
        streams: [PublishedStream],
        prefixes: [Prefix] = [],
        makeStream: @escaping @Sendable (StreamPath, any EventLoop) -> Stream
    ) {
        self.directory = directory
        single = Dictionary(streams.map { ($0.stream.path, $0) }) { first, _ in first }
        self.prefixes = prefixes
        self.makeStream = makeStream
    }

    /// No path is open any more; who publishes already is not touched.
    package func close() {
        state.withLockedValue { $0.isClosed = true }
    }

    /// Asks for a path; a stream below a prefix is made here, at home on `eventLoop`.
    func admission(to path: StreamPath, on eventLoop: any EventLoop) -> Admission {
        state.withLockedValue { state in
            guard !state.isClosed else { return .closed }
            if let published = single[path] { return .open(Lease(published, of: self)) }
            if var known = state.passing[path] {
                known.leases += 1
                known.visits += 1
                state.passing[path] = known
                return .open(Lease(known.published, of: self))
            }
            guard directory.stream(at: path) == nil else { return .notForPublishing }
            guard let index = prefixes.firstIndex(where: { path.rawValue.hasPrefix($0.path.rawValue + "/") }) else {
                return .unknown
            }
            guard path.isPlain else { return .notForPublishing }
            let configuration = prefixes[index].configuration
            guard state.passing.values.count(where: { $0.prefix == index }) < configuration.mostStreams else {
                return .full
            }
            let published = PublishedStream(makeStream(path, eventLoop), configuration: configuration)
            do {
                try directory.add(published.stream)
            } catch {
                return .notForPublishing
            }
            state.passing[path] = Passing(published: published, prefix: index, leases: 1, visits: 1)
            return .open(Lease(published, of: self))
        }
    }

    /// A stream that nobody ever published to goes at once; another one stays for the publisher to come back, and as long as
    /// anybody watches.
    private func released(_ published: PublishedStream, wasUsed: Bool) {
        let path = published.stream.path
        let abandoned: Passing? = state.withLockedValue { state in
            guard var known = state.passing[path], known.published === published else { return nil }
            known.leases -= 1
            known.wasUsed = known.wasUsed || wasUsed
            state.passing[path] = known
            return known.leases == 0 ? known : nil
        }
        guard let abandoned else { return }
        remove(published, abandoned.visits, in: abandoned.wasUsed ? published.configuration.linger : .zero)
    }

    private func remove(_ published: PublishedStream, _ visits: Int, in linger: TimeAmount) {
        published.stream.homeLoop.scheduleTask(in: linger) {
            published.stream.viewerCount().whenSuccess { viewers in
                if viewers == 0 {
                    self.remove(published, visits)
                } else if self.isAbandoned(published, visits) {
                    self.remove(published, visits, in: max(linger, .seconds(1)))
                }
            }
        }
    }

    private func isAbandoned(_ published: PublishedStream, _ visits: Int) -> Bool {
        state.withLockedValue { $0.isAbandoned(published, visits) }
    }

    private func remove(_ published: PublishedStream, _ visits: Int) {
        let isRemoved = state.withLockedValue { state in
            guard state.isAbandoned(published, visits) else { return false }
            state.passing[published.stream.path] = nil
            directory.remove(published.stream)
            return true
        }
        // Whoever came in the last moment is told that it is over.
        if isRemoved { _ = published.stream.close() }
    }
}

extension PublishingPaths.State {
    fileprivate func isAbandoned(_ published: PublishedStream, _ visits: Int) -> Bool {
        guard let known = passing[published.stream.path], known.published === published else { return false }
        return known.leases == 0 && known.visits == visits
    }
}

extension StreamPath {
    /// As the names of cameras are: nothing in it that a URL, a file or a log line would have to escape.
    fileprivate var isPlain: Bool {
        rawValue.utf8.count <= 128
            && rawValue.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
                case UInt8(ascii: "0")...UInt8(ascii: "9"): true
                case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "/"): true
                default: false
                }
            }
    }
}
