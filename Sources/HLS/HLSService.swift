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

    /// Names come from publishers, too; beyond this the clock alone sees to it that numbers do not go back.
    private static let mostHeritages = 4096

    private let supply: StreamSupply
    private let lives: StreamLives<StreamPath, HLSStream>
    private let always: Task<Void, Never>?

    init(supply: StreamSupply, configuration: HLSConfiguration, clock: StreamClock, logger: Logger) {
        self.supply = supply
        // Of streams that were watched before: numbers never go back.
        let heritages = NIOLockedValueBox<[StreamPath: SegmentStore.Heritage]>([:])
        let renditions = RenditionBoard()
        let lives = StreamLives<StreamPath, HLSStream>(
            make: { path in
                HLSStream(
                    path: path, configuration: configuration, heritage: heritages.withLockedValue { $0[path] },
                    clock: clock, works: supply.works(path), renditions: renditions, logger: logger)
            },
            live: { path, stream in
                let heritage = await stream.run()
                heritages.withLockedValue { heritages in
                    if heritages.count >= Self.mostHeritages { heritages.removeAll() }
                    heritages[path] = heritage
                }
            })
        self.lives = lives
        guard configuration.always else {
            always = nil
            return
        }
        always = Task {
            while !Task.isCancelled {
                for path in supply.paths() { _ = lives.begin(path) }
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    /// `file` is what stands behind the stream's path: "index.m3u8", "video.m3u8", "init-1.mp4", "1712345-0.m4s", …
    ///
    /// A playlist wakes the stream and waits for its first segment, up to the configured time; a file that is not there does not.
    package func resource(of path: StreamPath, file: String, query: HLSQuery) async -> HLSResource {
        guard supply.exists(path) else { return .notFound }
        switch file {
        case Self.multivariantName: return await multivariant(of: path)
        case HLSStream.playlistName:
            return await lives.asked(path) { await $0.resource(file, query) } ?? .unavailable("the server is stopping")
        default:
            guard let life = lives[path] else { return .notFound }
            return await life.stream.resource(file, query) ?? .notFound
        }
    }

    /// The same where the answer is there without waiting, as others have asked for it before; `nil` where it is not.
    package func atHand(_ path: StreamPath, file: String, query: HLSQuery) -> HLSResource? {
        guard supply.exists(path) else { return nil }
        return lives[path]?.stream.atHand(file, query)
    }

    /// Those who watch the stream.
    package func viewers(of path: StreamPath) async -> Int {
        await lives[path]?.stream.viewers ?? 0
    }

    /// Ends all streams, and whoever waits.
    package func close() async {
        always?.cancel()
        await lives.close()
    }

    // MARK: Variants

    private func multivariant(of path: StreamPath) async -> HLSResource {
        let answer = await lives.asked(path) { await $0.variant(at: HLSStream.playlistName) }
        switch answer {
        case .none: return .unavailable("the server is stopping")
        case .refused(let resource): return resource
        case .variant(let main):
            var variants = [main]
            if let sub = path.sub, let variant = await variant(ofSleeping: sub) { variants.append(variant) }
            // Cameras may have longer groups of pictures some day: the playlists themselves tell.
            let playlist = MultivariantPlaylist(variants: variants, isIndependent: false)
            return .playlist(playlist.text, reloadAfter: .seconds(5))
        }
    }

    /// The sub stream as it is measured, or else as it is described; it is not woken, and left out while nothing is known of it.
    private func variant(ofSleeping path: StreamPath) async -> MultivariantPlaylist.Variant? {
        let uri = "sub/" + HLSStream.playlistName
        guard supply.exists(path) else { return nil }
        if let variant = await lives[path]?.stream.currentVariant(at: uri) { return variant }
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
}

extension TrackSelection.Video {
    /// Bits a second that such pictures take at the most, for want of a measure: a fifth of a bit for each pixel.
    fileprivate var expectedBitRate: Int {
        let pixels = track.dimensions.map { $0.width * $0.height } ?? 640 * 360
        return max(Int(Double(pixels) * min(max(declaredFrameRate ?? 25, 1), 60) / 5), 100_000)
    }
}
