import Logging
import Media
import NIOConcurrencyHelpers
import NIOCore
import Reflector

/// What the streams of a server are, to who serves them.
struct StreamSupply: Sendable {
    var paths: @Sendable () -> [StreamPath]
    var exists: @Sendable (StreamPath) -> Bool
    /// The tracks of a stream as far as they are known, without waking it.
    var known: @Sendable (StreamPath) async -> [StreamTrack]
    var works: @Sendable (StreamPath) -> StreamWorks
}

/// Every stream of the server as HLS; any thread may ask.
package final class HLSService: Sendable {
    /// The name of the playlist of variants.
    package static let multivariantName = "index.m3u8"

    private struct Life: Sendable {
        var stream: HLSStream
        var task: Task<Void, Never>
    }

    private struct State {
        var lives: [StreamPath: Life] = [:]
        /// Of streams that were watched before: numbers never go back.
        var heritages: [StreamPath: SegmentStore.Heritage] = [:]
        var always: Task<Void, Never>?
        var isClosed = false
    }

    /// Names come from publishers, too; beyond this the clock alone sees to it that numbers do not go back.
    private static let mostHeritages = 4096

    private let supply: StreamSupply
    private let configuration: HLSConfiguration
    private let clock: StreamClock
    private let logger: Logger
    private let renditions = RenditionBoard()
    private let state = NIOLockedValueBox(State())

    init(supply: StreamSupply, configuration: HLSConfiguration, clock: StreamClock, logger: Logger) {
        self.supply = supply
        self.configuration = configuration
        self.clock = clock
        self.logger = logger
        guard configuration.always else { return }
        let always = Task { [weak self] in
            while !Task.isCancelled {
                self?.beginAll()
                try? await Task.sleep(for: .seconds(1))
            }
        }
        state.withLockedValue { $0.always = always }
    }

    /// `file` is what stands behind the stream's path: "index.m3u8", "video.m3u8", "init-1.mp4", "1712345-0.m4s", …
    ///
    /// A playlist wakes the stream and waits for its first segment, up to the configured time; a file that is not there does not.
    package func resource(of path: StreamPath, file: String, query: HLSQuery) async -> HLSResource {
        guard supply.exists(path) else { return .notFound }
        switch file {
        case Self.multivariantName: return await multivariant(of: path)
        case HLSStream.playlistName:
            return await asked(path) { await $0.resource(file, query) } ?? .unavailable("the server is stopping")
        default:
            guard let life = life(of: path) else { return .notFound }
            return await life.stream.resource(file, query) ?? .notFound
        }
    }

    /// Ends all streams, and whoever waits.
    package func close() async {
        let (always, lives) = state.withLockedValue { state in
            state.isClosed = true
            return (state.always, Array(state.lives.values))
        }
        always?.cancel()
        for life in lives { life.task.cancel() }
        for life in lives { await life.task.value }
    }

    // MARK: Variants

    private func multivariant(of path: StreamPath) async -> HLSResource {
        let answer = await asked(path) { await $0.variant(at: HLSStream.playlistName) }
        switch answer {
        case .none: return .unavailable("the server is stopping")
        case .refused(let resource): return resource
        case .variant(let main):
            var variants = [main]
            if let sub = path.sub, let variant = await variant(ofSleeping: sub) { variants.append(variant) }
            return .playlist(MultivariantPlaylist(variants: variants).text, reloadAfter: .seconds(5))
        }
    }

    /// The sub stream as it is measured, or else as it is described; it is not woken, and left out while nothing is known of it.
    private func variant(ofSleeping path: StreamPath) async -> MultivariantPlaylist.Variant? {
        let uri = "sub/" + HLSStream.playlistName
        guard supply.exists(path) else { return nil }
        if let variant = await life(of: path)?.stream.currentVariant(at: uri) { return variant }
        guard case .chosen(let selection) = TrackSelection.of(await supply.known(path)), let video = selection.video
        else { return nil }
        let codecName = supply.works(path).codecName
        var codecs = codecName(video.track).map { [$0] }
        // Other sound becomes AAC of low complexity.
        if let sound = selection.sound { codecs?.append(sound.track.flatMap(codecName) ?? "mp4a.40.2") }
        return MultivariantPlaylist.Variant(
            uri: uri, bandwidth: video.expectedBitRate, averageBandwidth: nil,
            codecs: codecs, resolution: video.track.dimensions, frameRate: video.declaredFrameRate)
    }

    // MARK: Lives

    private func life(of path: StreamPath) -> Life? {
        state.withLockedValue { $0.lives[path] }
    }

    /// Asks the stream, in its next life where this one is just over; `nil` where the server is stopping.
    private func asked<Answer: Sendable>(
        _ path: StreamPath, _ ask: @Sendable (HLSStream) async -> Answer?
    ) async -> Answer? {
        while !Task.isCancelled, let life = begin(path) {
            if let answer = await ask(life.stream) { return answer }
            await life.task.value
        }
        return nil
    }

    private func beginAll() {
        for path in supply.paths() { _ = begin(path) }
    }

    /// The life of a stream, a new one if it has none.
    private func begin(_ path: StreamPath) -> Life? {
        state.withLockedValue { state in
            guard !state.isClosed else { return nil }
            if let life = state.lives[path] { return life }
            let stream = HLSStream(
                path: path, configuration: configuration, heritage: state.heritages[path], clock: clock,
                works: supply.works(path), renditions: renditions, logger: logger)
            let life = Life(stream: stream, task: Task { self.ended(path, leaving: await stream.run()) })
            state.lives[path] = life
            return life
        }
    }

    private func ended(_ path: StreamPath, leaving heritage: SegmentStore.Heritage) {
        state.withLockedValue { state in
            state.lives[path] = nil
            if state.heritages.count >= Self.mostHeritages { state.heritages.removeAll() }
            state.heritages[path] = heritage
        }
    }
}

extension TrackSelection.Video {
    /// Bits a second that such pictures take at the most, for want of a measure: a fifth of a bit for each pixel.
    fileprivate var expectedBitRate: Int {
        let pixels = track.dimensions.map { $0.width * $0.height } ?? 640 * 360
        return max(Int(Double(pixels) * min(max(declaredFrameRate ?? 25, 1), 60) / 5), 100_000)
    }
}
