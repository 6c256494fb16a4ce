import Logging
import Media
import NIOCore
import RTP
import Reflector

/// Plays what is read of a list into a stream, each picture and sound when it is due. Confined to the stream's home loop.
///
/// All movies that are alike are one publication, in which time, numbers and SSRCs run on. One that is not ends it and begins another,
/// for which viewers have to ask again.
final class PlaylistSource {
    /// Between sender reports, which tie sound and picture together.
    private static let reportInterval = TimeAmount.seconds(1)
    /// Units played before other work of the loop has its turn.
    private static let mostUnitsAtOnce = 64

    /// How it ended.
    enum End: Sendable, Equatable {
        /// The list is over, and the stream's viewers are ended.
        case over
        case stopped
        /// The stream takes no source.
        case refused
    }

    /// Completes with the end.
    let ended: EventLoopFuture<End>
    /// What is played; `nil` before the first movie, and when the list is over.
    private(set) var position: PlaylistPosition?

    private let stream: Stream
    private let input: ReadAhead
    private let wallClock: @Sendable () -> Double
    private let logger: Logger
    private let ending: EventLoopPromise<End>
    private var clock = PlayoutClock()
    private var tracks = PlaylistTracks([])
    private var publication: Publication?
    private var lastReport: NIODeadline?
    private var timer: Scheduled<Void>?
    private var isEnded = false

    /// `wallClock` tells seconds since 1970.
    init(
        stream: Stream, playing input: ReadAhead, wallClock: @escaping @Sendable () -> Double, logger: Logger
    ) {
        self.stream = stream
        self.input = input
        self.wallClock = wallClock
        self.logger = logger
        ending = stream.homeLoop.makePromise(of: End.self)
        ended = ending.futureResult
    }

    /// Plays on, until the end or `stop()`; nothing behind one of these.
    func begin() {
        guard !isEnded else { return }
        let own = NIOLoopBound(self, eventLoop: stream.homeLoop)
        input.onArrival { own.eventLoop.execute { own.value.turn() } }
        turn()
    }

    /// Gives the stream back; idempotent.
    func stop() { end(.stopped) }

    private func turn() {
        timer?.cancel()
        timer = nil
        let now = stream.homeLoop.now
        for _ in 0..<Self.mostUnitsAtOnce where !isEnded {
            switch input.take(dueBy: clock.time(at: now)) {
            case .event(let event): took(event, at: now)
            case .later(let time):
                wake(at: clock.moment(of: time) ?? now)
                publication?.readEnded(at: now)
                return
            case .empty:
                publication?.readEnded(at: now)
                return
            }
        }
        guard !isEnded else { return }
        publication?.readEnded(at: now)
        wake(at: now)
    }

    private func wake(at moment: NIODeadline) {
        timer = stream.homeLoop.assumeIsolated().scheduleTask(deadline: moment) { self.turn() }
    }

    private func took(_ event: PlaylistEvent, at now: NIODeadline) {
        switch event {
        case .movie(let position, let descriptions):
            self.position = position
            begin(descriptions, of: position.entry)
        case .unit(let unit): play(unit, at: now)
        case .nothing:
            let reason = "no movie of the playlist can be played"
            defer { stream.isDown(because: reason) }
            guard publication != nil else { return }
            logger.error("camera down", metadata: ["reason": "\(reason)"])
            endPublication()
        case .over:
            position = nil
            publication?.finish()
            publication = nil
            logger.info("playlist over")
            end(.over)
        }
    }

    private func begin(_ descriptions: [TrackDescription], of entry: PlaylistEntry) {
        clock.movieBegan()
        logger.debug("movie begins", metadata: ["movie": "\(entry.path)"])
        if publication != nil, tracks.goOn(with: descriptions) { return }
        endPublication()
        tracks = PlaylistTracks(descriptions)
        do throws(StreamError) {
            publication = try stream.publish(tracks: descriptions, by: "playlist")
        } catch {
            stream.isDown(because: error.description)
            logger.error("camera down", metadata: ["reason": "\(error)"])
            return end(.refused)
        }
        let codecs = descriptions.map(\.primary.codec.description).joined(separator: ", ")
        logger.info("camera up", metadata: ["source": "playlist", "movie": "\(entry.path)", "tracks": "\(codecs)"])
    }

    private func play(_ unit: PlaylistUnit, at now: NIODeadline) {
        guard let publication else { return }
        // The picture comes first, where there is one. Sound that a file keeps too far from it is left out.
        guard clock.played(unit.decodingTime, leads: unit.track == 0, at: now) else { return }
        position?.movieTime = unit.movieTime
        let isFirst = tracks.play(unit, to: publication, at: now)
        guard isFirst || lastReport.map({ now - $0 >= Self.reportInterval }) ?? true else { return }
        lastReport = now
        tracks.report(clock.time(at: now) ?? unit.decodingTime, wallClock: wallClock(), to: publication, at: now)
    }

    private func endPublication() {
        publication?.end()
        publication = nil
        lastReport = nil
    }

    private func end(_ end: End) {
        guard !isEnded else { return }
        isEnded = true
        timer?.cancel()
        timer = nil
        input.close()
        endPublication()
        ending.succeed(end)
    }
}
