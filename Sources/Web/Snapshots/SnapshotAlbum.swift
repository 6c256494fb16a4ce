import Egress
import LibAV
import Media
import NIOCore
import RTSP
import Reflector

/// The last key frame of one stream, and the pictures made of it.
actor SnapshotAlbum {
    /// A picture that anybody can be shown.
    private struct Negative {
        let unit: AccessUnit
        let track: MuxedTrack
        /// When it was known to be the last one.
        var taken: NIODeadline
        /// How old it was, in nanoseconds, when it was seen first: the wall clock may be set afterwards, by hours where a machine has
        /// no battery.
        private let ageThen: Int64
        private let seen: NIODeadline
        /// By width; 0 stands for the picture's own.
        var prints: [Int: ByteBuffer] = [:]

        init(_ unit: AccessUnit, _ track: MuxedTrack, clock: StreamClock) {
            self.unit = unit
            self.track = track
            seen = clock.now()
            taken = seen
            ageThen = max(0, clock.wallClock() - unit.wallClock)
        }

        /// In whole seconds.
        func age(at now: NIODeadline) -> Int64 { (ageThen + (now - seen).nanoseconds) / 1_000_000_000 }
    }

    private enum Refusal: Error {
        case unavailable(String)
        case unsupported(String)
    }

    /// Who asks again within this gets the same picture.
    private static let freshness = TimeAmount.seconds(1)
    /// How long a stream that has been described may take to its next key frame; cameras have one every ten seconds, or so. Where there
    /// is an older picture nobody waits long: one that is live gives its last key frame at once.
    private static let patience = (first: Duration.seconds(12), next: Duration.seconds(3))
    /// Sizes of one picture that are kept.
    private static let mostPrints = 4
    /// Requests that wait at a time, also those whose client has gone.
    private static let mostAsking = 256

    nonisolated let stream: Stream
    private let clock: StreamClock
    private let threads: BlockingThreads
    private let whenDown: SnapshotWhenDown
    private var negative: Negative?
    private var taking: Task<Negative, any Error>?
    /// What `negative` was taken of, where its source has gone.
    private weak var kept: LastPicture?
    private var printing: Task<ByteBuffer, any Error>?
    private var asking = 0

    init(of stream: Stream, clock: StreamClock, threads: BlockingThreads, whenDown: SnapshotWhenDown) {
        self.stream = stream
        self.clock = clock
        self.threads = threads
        self.whenDown = whenDown
    }

    func picture(width: Int?) async -> SnapshotResult {
        guard !Task.isCancelled, asking < Self.mostAsking else {
            return .unavailable("too many ask for pictures of this stream")
        }
        asking += 1
        defer { asking -= 1 }
        var failure: (any Error)?
        if negative.map({ clock.now() - $0.taken > Self.freshness }) ?? true {
            do { try await look() } catch { failure = error }
        }
        guard let negative, failure == nil || whenDown == .last else { return refusal(failure) }
        guard !Task.isCancelled else { return .unavailable("nobody waits for it any more") }
        // None is made larger than it is.
        let own = negative.track.configuration.dimensions?.width ?? .max
        let width = width.flatMap { $0 < own ? $0 : nil }
        do {
            return .picture(
                try await print(of: negative, width: width ?? 0), tag: "\(negative.unit.wallClock)-\(width ?? 0)",
                taken: HTTPDate(unixSeconds: negative.unit.wallClock / 1_000_000_000),
                age: negative.age(at: clock.now()))
        } catch {
            return .unsupported("\(error)")
        }
    }

    /// Nobody waits for a camera that is known to be down: what it sent last is all there is.
    private func look() async throws {
        let standing = try await stream.standing().get()
        await keep(standing.lastPicture)
        guard !standing.isDown else { throw Refusal.unavailable("the camera is down") }
        try await take()
    }

    /// What a source left that has gone since, where it is newer.
    private func keep(_ last: LastPicture?) async {
        guard let last, last !== kept, let picture = try? await threads.run({ last.keyPicture() }) else { return }
        kept = last
        guard negative.map({ $0.unit.wallClock < picture.unit.wallClock }) ?? true,
            let track = Self.track(of: picture.tracks)?.track
        else { return }
        negative = Negative(picture.unit, track, clock: clock)
    }

    /// Takes a new one, or waits for the one that is being taken.
    private func take() async throws {
        let patience = negative == nil ? Self.patience.first : Self.patience.next
        let task = taking ?? Task { try await Self.keyFrame(of: stream, clock, within: patience) }
        taking = task
        defer { if taking == task { taking = nil } }
        let taken = try await task.value
        if negative?.unit.wallClock == taken.unit.wallClock {
            // Still the same one, with its prints.
            negative?.taken = taken.taken
        } else if negative.map({ $0.taken < taken.taken }) ?? true {
            negative = taken
        }
    }

    /// One picture of a stream at a time.
    private func print(of picture: Negative, width: Int) async throws -> ByteBuffer {
        if let known = knownPrint(of: picture, width: width) { return known }
        let before = printing
        let task = Task {
            _ = await before?.result
            return try await self.decode(picture, width: width)
        }
        printing = task
        return try await task.value
    }

    /// The decoder blocks, on threads of its own.
    private func decode(_ picture: Negative, width: Int) async throws -> ByteBuffer {
        if let known = knownPrint(of: picture, width: width) { return known }
        let jpeg = try await threads.run {
            try PictureDecoder.jpeg(
                ofKeyFrame: picture.unit, track: picture.track, width: width == 0 ? nil : width)
        }
        guard var prints = negative?.prints, negative?.unit.wallClock == picture.unit.wallClock else { return jpeg }
        if prints.count >= Self.mostPrints, let other = prints.keys.first(where: { $0 != 0 }) { prints[other] = nil }
        prints[width] = jpeg
        negative?.prints = prints
        return jpeg
    }

    private func knownPrint(of picture: Negative, width: Int) -> ByteBuffer? {
        negative?.unit.wallClock == picture.unit.wallClock ? negative?.prints[width] : picture.prints[width]
    }

    private func refusal(_ failure: (any Error)?) -> SnapshotResult {
        switch failure as? Refusal {
        case .unsupported(let reason): .unsupported(reason)
        case .unavailable(let reason): .unavailable(reason)
        case nil: .unavailable(failure.map { "\($0)" } ?? "there is no picture yet")
        }
    }

    // MARK: Taking

    /// The first key frame that the stream gives; of one that is live that of the group of pictures that is under way.
    private static func keyFrame(
        of stream: Stream, _ clock: StreamClock, within patience: Duration
    ) async throws -> Negative {
        let snapshot = try await stream.describe(on: stream.homeLoop).get()
        guard track(of: snapshot.tracks) != nil else {
            throw Refusal.unsupported("the stream has no H.264, H.265 or JPEG")
        }
        let feed = AccessUnitFeed(stream, knowing: snapshot)
        defer { feed.end() }
        let timeout = Task {
            try? await Task.sleep(for: patience)
            feed.end()
        }
        defer { timeout.cancel() }
        var tracks = snapshot.tracks
        for await event in feed.events {
            switch event {
            case .tracks(let known): tracks = known
            case .units(let units):
                guard let (index, track) = track(of: tracks),
                    let unit = units.last(where: { $0.track == index && $0.isRandomAccess })
                else { continue }
                return Negative(unit, track, clock: clock)
            case .discontinuity: continue
            case .ended(let reason): throw Refusal.unavailable(reason)
            }
        }
        throw Refusal.unavailable("the camera sends no key frame")
    }

    /// The first track that can be shown, once its parameter sets are known.
    private static func track(of tracks: [StreamTrack]) -> (index: Int, track: MuxedTrack)? {
        for track in tracks where track.description.kind == .video {
            let format = track.description.primary
            switch format.codec {
            case .h264, .h265, .mjpeg:
                return (
                    track.index,
                    MuxedTrack(
                        codec: format.codec, configuration: format.configuration,
                        clockRate: format.clockRate ?? 90_000)
                )
            default: continue
            }
        }
        return nil
    }
}
