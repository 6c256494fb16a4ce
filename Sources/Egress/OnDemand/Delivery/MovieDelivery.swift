import ISOMedia
import NIOCore
import RTP
import RTSP
import RTSPTransport
import Reflector

/// What one viewer is sent of a movie, when it is due (loop-confined).
///
/// Over TCP it is sent a second ahead, half a second at a time in one write, and nothing more while that has not been taken. Datagrams
/// go out when they are due, in runs. What is in memory already is read here, everything else on the threads for files.
final class MovieDelivery: TimingWheelMember {
    enum Phase {
        case idle
        case playing(PlayoutPace, PlayoutStart)
        case ended
    }

    /// A batch that is being sent.
    struct Waiting {
        let batch: PacketBatch
        /// The place of the next packet in its entries.
        var next = 0
    }

    /// How far ahead of its time the movie is read, and sent over TCP, in microseconds.
    private static let ahead: Int64 = 1_000_000
    /// What is less than that ahead is the moment to read on.
    private static let refill = TimeAmount.milliseconds(500)
    /// The most that is read at once, in bytes: over TCP what a socket takes in one go, for datagrams what they need for a while.
    private static let streamBytes = 256 * 1024
    private static let datagramBytes = 96 * 1024
    /// What is sent ahead may be so much later, for others to be looked after at the same time: that they come one by one, each to cold
    /// caches, doubled the price.
    private static let together = TimeAmount.milliseconds(100)
    /// Datagrams must not be overtaken by the BYE, which comes by another port.
    private static let goodbyeDelay = TimeAmount.milliseconds(200)

    let program: MovieProgram
    let reader: MovieReader
    let catalog: MediaCatalog
    let context: RTSPRequestContext
    var eventLoop: any EventLoop { context.eventLoop }

    var phase = Phase.idle
    var routes: [Int: MovieRoute] = [:]
    /// All tracks go over the RTSP connection.
    var isInterleaved = true
    var waiting: [Waiting] = []
    var reports: MovieReports
    var sent = DeliveryCounters()
    /// When the wheel wakes it; `nil` where nothing is to be done.
    var wakeSlot: Int64?

    private var play: MoviePlay?
    private(set) var isReading = false
    /// How long after the end BYE is said.
    private var goodbyePatience = TimeAmount.zero
    private var farewell: Scheduled<Void>?
    /// Where it is going to pause, in microseconds of the movie.
    var pausePoint: Int64?
    /// To be done when what is being read has come, in this order.
    private var afterReading: [() -> Void] = []
    private(set) var nextDue: Int64?
    private var lastDue: Int64 = 0
    private var failure: MovieError?
    private var stoppedAt: Int64 = 0
    private let wheel: TimingWheel
    private var observation: InterleavedWriter.DrainObservation?

    /// Everything that was asked for has been sent, or as much as the file gave.
    var onEnd: ((MovieError?) -> Void)?
    /// It has stopped at the point where it was to pause, in microseconds.
    var onPause: ((_ point: Int64) -> Void)?
    /// The viewer has taken what it had been sent.
    var onProgress: (() -> Void)?

    init(_ movie: OpenedMovie, catalog: MediaCatalog, context: RTSPRequestContext) {
        program = movie.program
        self.catalog = catalog
        self.context = context
        wheel = catalog.wheel(of: context.eventLoop)
        reader = MovieReader(MoviePlayout(movie.program, random: catalog.clock.random), batches: catalog.batches)
        reports = MovieReports(sources: reader.sources, clockRates: movie.program.tracks.map(\.clockRate))
    }

    // MARK: What the session asks for

    /// Stops what plays and finds the first packets of `play`; `begin` lets them flow. Fails where the threads for files have ended.
    func prepare(_ play: MoviePlay, over transports: [Int: PlayTransport]) -> EventLoopFuture<PlayoutStart> {
        stop()
        pausePoint = nil
        cancelFarewell()
        routes = transports.compactMapValues { MovieRoute($0, for: context) }
        isInterleaved = routes.values.allSatisfy(\.isInterleaved)
        self.play = play
        let promise = eventLoop.makePromise(of: PlayoutStart.self)
        whenRead { self.cue(play, promise) }
        return promise.futureResult
    }

    /// The PLAY response is on its way: packets may flow. BYE follows so long after the end, unless something else is played by then.
    func begin(_ start: PlayoutStart, goodbyeAfter patience: TimeAmount = .zero) {
        guard case .idle = phase, let play else { return }
        goodbyePatience = patience
        let from =
            switch play.start {
            case .at: start.firstDue
            // What the viewer was sent ahead it has still to play.
            case .whereItStopped: stoppedAt
            }
        let now = catalog.clock.now()
        let pace = PlayoutPace(from: from, at: now, rate: play.scale * play.speed)
        phase = .playing(pace, start)
        reports.began(start, from: from, at: now, wallClock: catalog.clock.wallClock())
        if isInterleaved {
            observation = context.writer.observeDrain { [weak self] in
                self?.onProgress?()
                self?.advance()
            }
        }
        advance()
    }

    /// Sends nothing more, and knows what would be next.
    func stop() {
        guard case .playing = phase else { return }
        stoppedAt = position
        pausePoint = nil
        phase = .idle
        wakeSlot = nil
        if let observation { context.writer.removeDrainObserver(observation) }
        observation = nil
    }

    /// Keeps no memory beyond what was read already.
    func rest() {
        let (reader, threads) = (reader, catalog.threads)
        whenRead { threads.submit { _ in reader.rest() } }
    }

    /// Final; `goodbye` sends an RTCP BYE on every track that was played (RFC 3550 §6.6).
    func end(goodbye: Bool) {
        stop()
        cancelFarewell()
        if case .ended = phase { return }
        phase = .ended
        if goodbye { sendGoodbyes() }
        waiting = []
        onEnd = nil
        onPause = nil
        onProgress = nil
    }

    /// Where the movie is for its viewer, in microseconds.
    var position: Int64 {
        guard case .playing(let pace, let start) = phase else { return stoppedAt }
        let time = pace.movieTime(at: catalog.clock.now())
        guard let next = waiting.first.map({ $0.batch.entries[$0.next].due }) ?? nextDue else {
            // Where nobody knows the end, it is where the last packet was.
            let end = start.scale < 0 || start.end > 0 ? start.end : lastDue
            return max(0, start.scale < 0 ? max(time, end) : min(time, end))
        }
        return max(0, start.scale < 0 ? max(time, next) : min(time, next))
    }

    // MARK: Finding the place

    private func whenRead(_ action: @escaping () -> Void) {
        if isReading { afterReading.append(action) } else { action() }
    }

    private func doWhatWaited() {
        while !isReading, !afterReading.isEmpty { afterReading.removeFirst()() }
    }

    private func cue(_ play: MoviePlay, _ promise: EventLoopPromise<PlayoutStart>) {
        isReading = true
        let reader = reader
        switch play.start {
        case .at(let position):
            let cue = PlayoutCue(
                position: position, end: play.end, scale: play.scale,
                channels: routes.mapValues { route in
                    switch route {
                    case .interleaved(let pair): pair.rtp
                    case .datagrams: 0
                    }
                }, sequenceNumbers: unsentSequenceNumbers, isReliable: isInterleaved)
            let ahead = Int64((Double(Self.ahead) * play.scale * play.speed).rounded())
            let portion = portion
            catalog.threads.run(on: eventLoop) { reader.start(cue, ahead: ahead, portion) }
                .assumeIsolated().whenComplete { result in
                    self.waiting = []
                    self.cued(
                        result.flatMap { start, reading in
                            self.take(reading)
                            // Nothing at all came of it.
                            guard let failure = reading.failure, reading.batch.entries.isEmpty else {
                                return .success(start)
                            }
                            return .failure(failure)
                        }, promise)
                }
        case .whereItStopped:
            let (position, unsent) = (stoppedAt, unsentSequenceNumbers)
            catalog.threads.run(on: eventLoop) { reader.resume(until: play.end, at: position, unsent: unsent) }
                .assumeIsolated().whenComplete { result in
                    self.cued(
                        result.map { start, nextDue in
                            self.nextDue = nextDue
                            return start
                        }, promise)
                }
        }
    }

    private func cued(_ start: Result<PlayoutStart, any Error>, _ promise: EventLoopPromise<PlayoutStart>) {
        // First, for packets flow, and more is read, as soon as the answer is there.
        isReading = false
        promise.assumeIsolated().completeWith(start)
        doWhatWaited()
    }

    /// Of each track's first packet that was made and not sent.
    private var unsentSequenceNumbers: [Int: UInt16] {
        var numbers: [Int: UInt16] = [:]
        for waiting in waiting {
            for entry in waiting.batch.entries[waiting.next...] where numbers[entry.track] == nil {
                numbers[entry.track] = waiting.batch.bytes.getInteger(at: entry.offset + 2)
            }
        }
        return numbers
    }

    // MARK: Sending and reading on

    func woken() { advance() }

    func advance() {
        guard case .playing(let pace, _) = phase else { return }
        let now = catalog.clock.now()
        if reports.isDue(at: now), context.writer.isDrained || !isInterleaved { sendReports(pace, at: now) }
        send(pace, at: now)
        if readOn(pace, at: now) { send(pace, at: now) }
        // The connection may have been found gone.
        guard case .playing = phase else { return }
        if let pausePoint, hasReached(pausePoint, pace, at: now) {
            stop()
            stoppedAt = pausePoint
            onPause?(pausePoint)
            return
        }
        guard hasEnded(pace, at: now) else { return wake(pace, at: now) }
        let failure = failure
        stop()
        if failure == nil, goodbyePatience > .zero {
            farewell = eventLoop.assumeIsolated().scheduleTask(in: goodbyePatience) { [weak self] in
                self?.farewell = nil
                self?.sendGoodbyes()
            }
        } else {
            sendGoodbyes()
        }
        onEnd?(failure)
    }

    private func send(_ pace: PlayoutPace, at now: NIODeadline) {
        if isInterleaved { sendWaiting(pace) } else { sendDue(pace, at: now) }
    }

    private var portion: MovieReader.Portion {
        MovieReader.Portion(bytes: isInterleaved ? Self.streamBytes : Self.datagramBytes, isFramed: isInterleaved)
    }

    /// Who does not take what was sent costs one batch.
    private var hasRoom: Bool {
        isInterleaved ? waiting.isEmpty && context.writer.isDrained : waiting.count < 2
    }

    /// True where something is there at once.
    private func readOn(_ pace: PlayoutPace, at now: NIODeadline) -> Bool {
        guard !isReading, hasRoom, let nextDue, !isBeyondPause(nextDue, pace),
            pace.deadline(of: nextDue) - now <= Self.refill
        else { return false }
        let (reader, portion) = (reader, portion)
        let due = beforePause(pace.movieTime(at: now + .microseconds(Self.ahead)), pace)
        if let reading = reader.readAtHand(until: due, portion) {
            take(reading)
            return true
        }
        isReading = true
        catalog.threads.run(on: eventLoop) { reader.read(until: due, portion) }
            .assumeIsolated().whenComplete { result in
                self.isReading = false
                switch result {
                case .success(let reading): self.take(reading)
                case .failure: self.nextDue = nil
                }
                self.doWhatWaited()
                self.advance()
            }
        return false
    }

    private func take(_ reading: MovieReader.Reading) {
        nextDue = reading.nextDue
        failure = reading.failure
        guard let last = reading.batch.entries.last else { return catalog.batches.give(reading.batch) }
        lastDue = last.due
        if case .ended = phase { return }
        waiting.append(Waiting(batch: reading.batch))
    }

    private func hasEnded(_ pace: PlayoutPace, at now: NIODeadline) -> Bool {
        waiting.isEmpty && !isReading && nextDue == nil && now >= ending(pace)
    }

    /// When the last packet has been due for a while.
    private func ending(_ pace: PlayoutPace) -> NIODeadline { pace.deadline(of: lastDue) + Self.goodbyeDelay }

    private func cancelFarewell() {
        farewell?.cancel()
        farewell = nil
    }

    /// Has itself woken for whatever comes first.
    private func wake(_ pace: PlayoutPace, at now: NIODeadline) {
        // The connection tells when it takes more.
        guard !isInterleaved || context.writer.isDrained else {
            wakeSlot = nil
            return
        }
        var next = reports.next
        if !waiting.isEmpty {
            next = min(next, nextDeparture(pace))
        } else if nextDue == nil {
            next = min(next, ending(pace))
        }
        if let nextDue, !isReading, hasRoom, !isBeyondPause(nextDue, pace) {
            next = min(next, pace.deadline(of: nextDue) - Self.refill)
        }
        if let pausePoint { next = min(next, pace.deadline(of: pausePoint)) }
        wheel.wake(self, at: isInterleaved ? next.roundedUp(to: Self.together) : next)
    }
}

extension NIODeadline {
    /// The next multiple of `step`, or itself.
    fileprivate func roundedUp(to step: TimeAmount) -> NIODeadline {
        let (step, time) = (UInt64(step.nanoseconds), uptimeNanoseconds)
        guard time < .max - step else { return self }
        return .uptimeNanoseconds((time + step - 1) / step * step)
    }
}
