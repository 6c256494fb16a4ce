import Logging
import Media
import NIOCore
import Reflector

/// Every stream of the server as live fragments of MP4; any thread may ask.
package final class LiveService: Sendable {
    private struct Key: Sendable, Hashable {
        let path: StreamPath
        let tracks: LiveTracks
    }

    private let supply: StreamSupply
    private let lives: StreamLives<Key, LiveStream>

    /// A first viewer waits `startTimeout` for the first key frame.
    init(supply: StreamSupply, startTimeout: TimeAmount, clock: StreamClock, logger: Logger) {
        self.supply = supply
        lives = StreamLives(
            make: { key in
                LiveStream(
                    path: key.path, tracks: key.tracks, startTimeout: startTimeout, clock: clock,
                    works: supply.works(key.path), logger: logger)
            }, live: { _, stream in await stream.run() })
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
        let supply = supply
        // What there is not begins no life.
        guard supply.exists(path) else { throw .gone }
        let outcome = await lives.asked(key) { stream in
            supply.exists(path) ? await stream.readiness() : .failure(.gone)
        }
        guard let outcome else { throw .stopping }
        return try outcome.get()
    }

    /// Has a viewer watch, who lives on `eventLoop`: as soon as the stream is there; or tells why it is not, and when it ends.
    package func join(
        _ path: StreamPath, _ wish: LiveWish, _ viewer: NIOLoopBound<any LiveViewer>, on eventLoop: any EventLoop
    ) async {
        let key = Key(path: path, tracks: wish.tracks)
        do throws(LiveEnd) {
            while true {
                _ = try await readiness(of: path, wish)
                guard let life = lives.begin(key) else { throw .stopping }
                if await life.stream.join(viewer, on: eventLoop) { return }
                await life.ended()
            }
        } catch {
            eventLoop.execute { viewer.value.ended(error) }
        }
    }

    /// Those who watch the stream.
    package func viewers(of path: StreamPath) async -> Int {
        var viewers = 0
        for tracks in LiveTracks.all {
            viewers += await lives[Key(path: path, tracks: tracks)]?.stream.viewers ?? 0
        }
        return viewers
    }

    /// Tells all viewers that the server is stopping, and takes no more.
    package func stop() { lives.stop() }

    /// Returns when all is put away.
    package func close() async { await lives.close() }
}
