import Logging
import Media
import NIOCore
import Reflector

/// One stream as HLS, from the first request until nobody has asked for a while: follows the stream, makes segments, answers. One-shot.
actor HLSStream {
    /// The name of the playlist of segments.
    static let playlistName = "video.m3u8"
    /// From a stream that was lost, or did not come, to the next try.
    private static let retry = Duration.milliseconds(500)
    private static let look = Duration.milliseconds(200)

    private let path: StreamPath
    private let configuration: HLSConfiguration
    private let clock: StreamClock
    private let works: StreamWorks
    private let renditions: RenditionBoard
    private let logger: Logger
    private var making: SegmentMaking
    private var waiters = ReloadWaiters()
    private var lastWaiter = 0
    private let ready: ReadyAnswers
    private var isOver = false
    /// The stream is no more.
    private var isClosed = false

    init(
        path: StreamPath, configuration: HLSConfiguration, heritage: SegmentStore.Heritage?, clock: StreamClock,
        works: StreamWorks, renditions: RenditionBoard, logger: Logger
    ) {
        self.path = path
        self.configuration = configuration
        self.clock = clock
        self.works = works
        self.renditions = renditions
        var logger = logger
        logger[metadataKey: "stream"] = "\(path)"
        self.logger = logger
        let rules = SegmentStore.Rules(
            segmentDuration: configuration.segmentDuration, playlistLength: configuration.playlistLength,
            memory: configuration.memory, firstSegments: configuration.firstSegments)
        let first = SequenceNumbers.first(at: clock.wallClock(), after: heritage?.lastNumber)
        let store = SegmentStore(rules, from: first)
        making = SegmentMaking(configuration: configuration, works: works, store: store, logger: logger)
        ready = ReadyAnswers(at: clock.now())
    }

    /// Until nobody wants it, the stream is no more, or the task is cancelled; what the next life goes on from.
    func run() async -> SegmentStore.Heritage {
        logger.info("hls started")
        let following = Task { await follow() }
        await watchTheTime()
        end()
        // Nor is it waited for: a camera that does not answer may take a while, and the next life need not.
        following.cancel()
        renditions.remove(path)
        logger.info("hls ended")
        return making.store.heritage
    }

    private func end() {
        isOver = true
        ready.end()
        waiters.answer { _ in .unavailable("the stream has ended") }
    }

    private func follow() async {
        while !isOver {
            do {
                let source = try await works.open()
                for await event in source.events where !isOver { received(event) }
                source.end()
            } catch StreamError.closed {
                isClosed = true
                return
            } catch {
                logger.debug("the stream did not come", metadata: ["reason": "\(error)"])
            }
            guard !isOver else { return }
            making.timelineBroke(at: clock.now())
            changed()
            try? await Task.sleep(for: Self.retry)
        }
    }

    private func watchTheTime() async {
        while !Task.isCancelled, !isClosed, !timePassed() { try? await Task.sleep(for: Self.look) }
    }

    private func received(_ event: AccessUnitFeed.Event) {
        let before = making.store.position
        let wasRefused = making.refusal != nil
        making.received(event, at: clock.now())
        if before != making.store.position || wasRefused != (making.refusal != nil) { changed() }
    }

    /// Something was published, or cannot be.
    private func changed() {
        ready.forget()
        if let end = making.store.end { renditions.note(end, of: path) }
        waiters.answer(answer)
    }

    /// Lets requests and segments go whose time is over; `true` where nobody wants the stream any more.
    func timePassed() -> Bool {
        let now = clock.now()
        let before = making.store.bytes
        making.timePassed(at: now)
        // What is gone is not kept for who may ask.
        if making.store.bytes != before { ready.forget() }
        ready.timePassed(at: now, patience: patience)
        let isPlayable = isPlayable
        waiters.timePassed(
            at: now,
            .unavailable(
                isPlayable ? "no new segment in time" : "the camera did not come in time, or sends no key frame"))
        guard !configuration.always, waiters.isEmpty else { return false }
        return now - ready.lastRequest >= max(configuration.linger, patience)
    }

    /// Who has not asked for so long has gone: a player asks once a target duration.
    private var patience: TimeAmount { .seconds(3 * Int64(making.store.targetDuration ?? 3)) }
}

// MARK: Requests

extension HLSStream {
    /// The answer to a request for one of its files as far as it is there without waiting; on any thread.
    nonisolated func atHand(_ file: String, _ query: HLSQuery) -> HLSResource? {
        ready.answer(file, query, at: clock.now())
    }

    /// The answer to a request for one of its files; `nil` where it is over, and another life has to be asked.
    func resource(_ file: String, _ query: HLSQuery) async -> HLSResource? {
        guard !isOver else { return nil }
        ready.asked(query.viewer, at: clock.now())
        guard file == Self.playlistName else { return await resource(.file(file)) }
        if let wrong = query.flaw { return .badRequest(wrong) }
        return await resource(.playlist(query))
    }

    /// Those who have asked of late.
    var viewers: Int { ready.viewers }

    /// What it is as one of several variants, as soon as there is a segment; or why there is none.
    func variant(at uri: String) async -> VariantAnswer? {
        guard let resource = await resource(Self.playlistName, HLSQuery()) else { return nil }
        guard case .playlist = resource, let variant = currentVariant(at: uri) else { return .refused(resource) }
        return .variant(variant)
    }

    /// The same as far as it is known now.
    func currentVariant(at uri: String) -> MultivariantPlaylist.Variant? {
        guard isPlayable else { return nil }
        let rate = making.store.rate
        let video = making.selection?.video
        let measured = making.interval.map { 1 / max($0.asSeconds, 0.000_1) }
        return MultivariantPlaylist.Variant(
            uri: uri, bandwidth: max(rate.peak, 1), averageBandwidth: max(rate.average, 1), codecs: making.codecs,
            resolution: video?.track.dimensions, frameRate: video == nil ? nil : measured)
    }

    private func resource(_ wish: ReloadWaiters.Wish) async -> HLSResource {
        if let resource = answer(wish) { return resource }
        guard !waiters.isFull else { return .unavailable("too many requests wait for this stream") }
        lastWaiter += 1
        let id = lastWaiter
        let patience =
            isPlayable
            ? TimeAmount.seconds(3 * Int64(making.store.targetDuration ?? 1)) : configuration.startTimeout
        let deadline = clock.now() + patience
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled || isOver {
                    continuation.resume(returning: .unavailable("the stream has ended"))
                } else {
                    waiters.add(id, wish, until: deadline, continuation)
                }
            }
        } onCancel: {
            Task { await self.cancelled(id) }
        }
    }

    private func cancelled(_ id: Int) {
        waiters.cancelled(id)
    }

    /// `nil` for what has to be waited for.
    private var isPlayable: Bool { making.store.isPlayable(from: configuration.firstSegments) }

    private func answer(_ wish: ReloadWaiters.Wish) -> HLSResource? {
        switch wish {
        case .file(let name):
            if let file = making.store.file(name) {
                let resource = HLSResource.media(file.bytes, contentType: file.contentType, tag: name)
                ready.keep(resource, to: .file(name))
                return resource
            }
            return making.store.isComing(name) ? nil : .notFound
        case .playlist(let query):
            if let refusal = making.refusal { return .unsupported(refusal) }
            guard isPlayable else { return nil }
            if let sequence = query.mediaSequence {
                if making.store.isTooFarAhead(sequence, part: query.part) {
                    return .badRequest("_HLS_msn or _HLS_part is too far ahead")
                }
                guard making.store.has(sequence, part: query.part) else { return nil }
            }
            return playlist(skips: query.skip)
        }
    }

    private func playlist(skips: Bool) -> HLSResource? {
        if let written = ready[.playlist(skips: skips)] { return written }
        guard let playlist = making.store.playlist(skips: skips, reports: renditions.reports(for: path)) else {
            return nil
        }
        let reload = playlist.partTarget ?? .milliseconds(Int64(playlist.targetDuration) * 500)
        let resource = HLSResource.playlist(playlist.text, reloadAfter: reload)
        ready.keep(resource, to: .playlist(skips: skips))
        return resource
    }
}

/// A stream among several variants.
enum VariantAnswer: Sendable {
    case variant(MultivariantPlaylist.Variant)
    case refused(HLSResource)
}

extension HLSQuery {
    /// What is wrong with it, whatever the playlist.
    fileprivate var flaw: String? {
        if part != nil, mediaSequence == nil { return "_HLS_part needs _HLS_msn" }
        if (mediaSequence ?? 0) < 0 || (part ?? 0) < 0 { return "_HLS_msn and _HLS_part are not negative" }
        return nil
    }
}

extension HLSResource {
    /// A text with a tag of its own: FNV-1a of its bytes.
    static func playlist(_ text: String, reloadAfter: TimeAmount) -> HLSResource {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return .playlist(ByteBuffer(string: text), tag: String(hash, radix: 16), reloadAfter: reloadAfter)
    }
}
