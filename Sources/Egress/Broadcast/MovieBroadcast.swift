import ISOMedia
import NIOCore
import RTSPTransport
import Reflector

/// A movie on its way to an address or a server, when it is due, once or over and over (loop-confined; one-shot).
///
/// What `MovieDelivery` is for a viewer, without anybody who could seek: packets go out at their time over TCP as well, for a server
/// passes them on as they come. What cannot be sent in time delays all that follows; nothing is left out.
final class MovieBroadcast {
    enum Phase {
        case idle
        case playing
        case ended
    }

    /// What was read in one go, and is being sent.
    struct Waiting {
        let batch: PacketBatch
        let pace: PlayoutPace
        /// The place of the next packet in its entries.
        var next = 0
        /// Of a round whose first packets these are.
        var start: PlayoutStart?
    }

    struct Air {
        let start: PlayoutStart
        let pace: PlayoutPace
    }

    /// How far ahead of its time the movie is read, in microseconds; what is less than half of that ahead is the moment to read on.
    private static let ahead: Int64 = 1_000_000
    private static let refill = TimeAmount.milliseconds(500)
    /// Before the end of a round it is looked whether the next one is to be read.
    private static let look = TimeAmount.milliseconds(250)
    /// The most that is read at once, in bytes, and how much of that may wait.
    private static let bytes = 96 * 1024
    private static let mostWaiting = 2
    /// Datagrams must not be overtaken by the BYE, which goes to another port.
    private static let goodbyeDelay = TimeAmount.milliseconds(200)
    /// Packets that are later than this move all that follows: after a stopped process, say, or a server that was busy.
    private static let tolerance = TimeAmount.seconds(1)
    /// A server that takes nothing for so long is given up.
    private static let patience = TimeAmount.seconds(10)

    let routes: [Int: MovieRoute]
    let writer: InterleavedWriter?
    let batches = BatchStore()
    var waiting: [Waiting] = []
    var reports: MovieReports
    var progress = BroadcastProgress()
    /// The round that is on the air.
    var air: Air?

    private let reader: MovieReader
    private let isLooping: Bool
    private let threads: BlockingThreads
    private let clock: StreamClock
    private let eventLoop: any EventLoop
    private let promise: EventLoopPromise<BroadcastError?>
    private var phase = Phase.idle
    private var timeline: BroadcastTimeline
    /// Of the round that is read.
    private var reading: PlayoutPace?
    private var isReading = false
    private var nextDue: Int64?
    private var lastDue: Int64 = 0
    private var roundIsEmpty = true
    private var failure: BroadcastError?
    /// By how much everything is later than planned.
    private var delay = TimeAmount.zero
    private var blockedSince: NIODeadline?
    private var timer: Scheduled<Void>?
    private var observation: InterleavedWriter.DrainObservation?

    /// `routes` by the tracks' places in the program; those without one are left out. `writer` where they are interleaved.
    init(
        _ program: MovieProgram, over routes: [Int: MovieRoute], writer: InterleavedWriter? = nil, isLooping: Bool,
        threads: BlockingThreads, clock: StreamClock, on eventLoop: any EventLoop
    ) {
        self.routes = routes
        self.writer = writer
        self.isLooping = isLooping
        self.threads = threads
        self.clock = clock
        self.eventLoop = eventLoop
        promise = eventLoop.makePromise()
        let clockRates = program.tracks.map(\.clockRate)
        reader = MovieReader(MoviePlayout(program, random: clock.random), batches: batches)
        reports = MovieReports(sources: reader.sources, clockRates: clockRates)
        timeline = BroadcastTimeline(clockRates: clockRates)
    }

    /// Comes once, never fails, and has the reason where the movie was not played to its end; `stop()` is none.
    var ended: EventLoopFuture<BroadcastError?> { promise.futureResult }

    func start() {
        guard case .idle = phase else { return }
        phase = .playing
        observation = writer?.observeDrain { [weak self] in self?.advance() }
        readRound()
    }

    /// Sends BYE on every track (RFC 3550 §6.6), and nothing more; idempotent.
    func stop(because error: BroadcastError? = nil) {
        if case .ended = phase { return }
        sendGoodbyes()
        end(because: error)
    }

    /// The same without a word, where nobody hears it any more.
    func end(because error: BroadcastError?) {
        if case .ended = phase { return }
        phase = .ended
        timer?.cancel()
        timer = nil
        if let observation { writer?.removeDrainObserver(observation) }
        observation = nil
        waiting = []
        promise.succeed(error)
    }

    /// By the clock that everything goes by, which stands still while nothing can be sent.
    private func now() -> NIODeadline { clock.now() - delay }

    // MARK: Sending and reading on

    private func advance() {
        guard case .playing = phase else { return }
        catchUp()
        let now = now()
        sendDue(at: now)
        // Where the first packets find a connection that is gone.
        guard case .playing = phase else { return }
        if let air {
            progress.position = max(0, air.pace.movieTime(at: now))
            if reports.isDue(at: now) { sendReports(at: now) }
        }
        guard isTaken() else { return stop(because: .stalled) }
        readOn(at: now)
        if hasEnded(at: now) { stop(because: failure) } else { wake(at: now) }
    }

    /// Where the next packet is much too late, its time is now.
    private func catchUp() {
        guard let first = waiting.first else { return }
        let late = now() - first.pace.deadline(of: first.batch.entries[first.next].due)
        guard late > Self.tolerance, canSend else { return }
        delay = delay + late
        if let air { tie(air, at: now()) }
    }

    /// RTP time is tied to the wall clock as it is now; reports tell so before anything else is sent.
    func tie(_ round: Air, at now: NIODeadline) {
        air = round
        reports.began(round.start, from: round.pace.movieTime(at: now), at: now, wallClock: clock.wallClock())
        sendReports(at: now)
    }

    private func isTaken() -> Bool {
        guard !canSend else {
            blockedSince = nil
            return true
        }
        let since = blockedSince ?? clock.now()
        blockedSince = since
        return clock.now() - since < Self.patience
    }

    private var portion: MovieReader.Portion {
        MovieReader.Portion(bytes: Self.bytes, isFramed: writer != nil)
    }

    private func readOn(at now: NIODeadline) {
        guard !isReading, waiting.count < Self.mostWaiting, let reading else { return }
        guard let nextDue else {
            if isLooping, failure == nil, reading.deadline(of: lastDue) - now <= Self.refill { readRound() }
            return
        }
        guard reading.deadline(of: nextDue) - now <= Self.refill else { return }
        isReading = true
        let (reader, portion) = (reader, portion)
        let due = reading.movieTime(at: now + .microseconds(Self.ahead))
        threads.run(on: eventLoop) { reader.read(until: due, portion) }
            .assumeIsolated().whenComplete { result in
                self.isReading = false
                self.take(result, start: nil)
                self.advance()
            }
    }

    /// From the beginning, for the first time or once more: numbers and RTP time run on.
    private func readRound() {
        isReading = true
        let cue = PlayoutCue(
            position: 0,
            channels: routes.mapValues { route in
                switch route {
                case .interleaved(let pair): pair.rtp
                case .datagrams: 0
                }
            })
        let (reader, portion) = (reader, portion)
        threads.run(on: eventLoop) { reader.start(cue, ahead: Self.ahead, portion) }
            .assumeIsolated().whenComplete { result in
                self.isReading = false
                guard case .playing = self.phase else { return }
                if case .success((let start, _)) = result {
                    self.reading = self.timeline.began(start, after: self.lastDue, at: self.now())
                    self.roundIsEmpty = true
                }
                self.take(result.map(\.1), start: (try? result.get())?.0)
                self.advance()
            }
    }

    private func take(_ result: Result<MovieReader.Reading, any Error>, start: PlayoutStart?) {
        guard case .playing = phase else { return }
        guard let reading, case .success(let read) = result else {
            nextDue = nil
            return stop(because: .push(.cancelled))
        }
        nextDue = read.nextDue
        failure = read.failure.map { .movie($0) } ?? failure
        if let last = read.batch.entries.last {
            lastDue = last.due
            roundIsEmpty = false
            waiting.append(Waiting(batch: read.batch, pace: reading, start: start))
        } else {
            batches.give(read.batch)
        }
        // Over and over nothing would be a busy loop.
        if nextDue == nil, roundIsEmpty {
            failure = failure ?? .movie(.nothingToPlay("none of its samples has a packet"))
        }
    }

    private func hasEnded(at now: NIODeadline) -> Bool {
        guard waiting.isEmpty, !isReading, nextDue == nil, !isLooping || failure != nil else { return false }
        return now >= ending
    }

    /// When the last packet has been due for a while.
    private var ending: NIODeadline {
        reading.map { $0.deadline(of: lastDue) + Self.goodbyeDelay } ?? .uptimeNanoseconds(0)
    }

    /// Sets the timer for whatever comes first.
    private func wake(at now: NIODeadline) {
        timer?.cancel()
        // The connection tells when it takes more.
        var next = now + .seconds(1)
        if canSend {
            next = min(next, reports.next)
            if let first = waiting.first {
                next = min(next, max(now + Self.run, first.pace.deadline(of: first.batch.entries[first.next].due)))
            }
        }
        if !isReading, let reading {
            if let nextDue {
                if waiting.count < Self.mostWaiting { next = min(next, reading.deadline(of: nextDue) - Self.refill) }
            } else if isLooping, failure == nil {
                next = min(next, now + Self.look)
            } else if waiting.isEmpty {
                next = min(next, ending)
            }
        }
        timer = eventLoop.assumeIsolated().scheduleTask(in: max(.milliseconds(1), next - now)) { [weak self] in
            self?.timer = nil
            self?.advance()
        }
    }
}
