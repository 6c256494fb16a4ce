import Logging
import Media
import NIOConcurrencyHelpers
import NIOCore
import Reflector

/// Every stream of the server as live fragments of MP4; any thread may ask.
package final class LiveService: Sendable {
    private struct Key: Sendable, Hashable {
        let path: StreamPath
        let tracks: LiveTracks
    }

    private struct Life: Sendable {
        var stream: LiveStream
        var task: Task<Void, Never>
    }

    private struct State {
        var lives: [Key: Life] = [:]
        var isClosed = false
    }

    private let supply: StreamSupply
    private let startTimeout: TimeAmount
    private let clock: StreamClock
    private let logger: Logger
    private let state = NIOLockedValueBox(State())

    /// A first viewer waits `startTimeout` for the first key frame.
    init(supply: StreamSupply, startTimeout: TimeAmount, clock: StreamClock, logger: Logger) {
        self.supply = supply
        self.startTimeout = startTimeout
        self.clock = clock
        self.logger = logger
    }

    /// Serves the streams of `directory`; `clock` is theirs.
    package convenience init(
        directory: StreamDirectory, startTimeout: TimeAmount, clock: StreamClock, logger: Logger
    ) {
        self.init(supply: .live(directory), startTimeout: startTimeout, clock: clock, logger: logger)
    }

    /// Whether there is a stream of that name.
    package func exists(_ path: StreamPath) -> Bool { supply.exists(path) }

    /// Wakes a stream and waits until there is something to begin with; throws `LiveEnd`.
    package func readiness(of path: StreamPath, _ wish: LiveWish) async throws(LiveEnd) -> LiveOpening {
        let key = Key(path: path, tracks: wish.tracks)
        while supply.exists(path) {
            guard let life = begin(key) else { throw .stopping }
            if let outcome = await life.stream.readiness() { return try outcome.get() }
            guard !Task.isCancelled else { throw .stopping }
            await life.task.value
        }
        throw .gone
    }

    /// Has a viewer watch, who lives on `eventLoop`: as soon as the stream is there; or tells why it is not, and when it ends.
    package func join(
        _ path: StreamPath, _ wish: LiveWish, _ viewer: NIOLoopBound<any LiveViewer>, on eventLoop: any EventLoop
    ) async {
        let key = Key(path: path, tracks: wish.tracks)
        do throws(LiveEnd) {
            while true {
                _ = try await readiness(of: path, wish)
                guard let life = begin(key) else { throw .stopping }
                if await life.stream.join(viewer, on: eventLoop) { return }
                await life.task.value
            }
        } catch {
            eventLoop.execute { viewer.value.ended(error) }
        }
    }

    /// Tells all viewers that the server is stopping, and takes no more.
    package func stop() {
        let lives = state.withLockedValue { state in
            state.isClosed = true
            return Array(state.lives.values)
        }
        for life in lives { life.task.cancel() }
    }

    /// Returns when all is put away.
    package func close() async {
        stop()
        for life in state.withLockedValue({ Array($0.lives.values) }) { await life.task.value }
    }

    /// The life of a stream, a new one if it has none; `nil` where the server is stopping.
    private func begin(_ key: Key) -> Life? {
        state.withLockedValue { state in
            guard !state.isClosed else { return nil }
            if let life = state.lives[key] { return life }
            let stream = LiveStream(
                path: key.path, tracks: key.tracks, startTimeout: startTimeout, clock: clock,
                works: supply.works(key.path), logger: logger)
            let life = Life(
                stream: stream,
                task: Task {
                    await stream.run()
                    self.state.withLockedValue { $0.lives[key] = nil }
                })
            state.lives[key] = life
            return life
        }
    }
}
