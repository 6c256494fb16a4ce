import Logging
import Media
import NIOCore
import Reflector

/// One stream as live fragments, from the first viewer until the last one has been gone for a while: follows the stream, muxes once, and
/// brings what comes of it to the loops that have viewers. One-shot.
actor LiveStream {
    /// From a stream that was lost, or did not come, to the next try.
    private static let retry = Duration.milliseconds(500)
    private static let look = Duration.milliseconds(200)
    /// Between two looks of who waits for the first group.
    private static let readyLook = Duration.milliseconds(20)
    /// A page that is loaded anew finds it running.
    private static let linger = TimeAmount.seconds(5)
    /// A source that is silent for so long is taken for lost: at the least, and at the most where it has pauses.
    private static let silence = (least: TimeAmount.seconds(3), most: TimeAmount.seconds(30))

    private struct Seat {
        let eventLoop: any EventLoop
        let loop: NIOLoopBoundBox<LiveLoop>
        var viewers = 0
    }

    private let startTimeout: TimeAmount
    private let clock: StreamClock
    private let works: StreamWorks
    private let logger: Logger
    private var making: LiveMaking
    private var group = LiveGroup()
    private var seats: [ObjectIdentifier: Seat] = [:]
    private var lastNumber = 0
    /// Those who wait for it to be ready.
    private var asking = 0
    private var lastWanted: NIODeadline
    private var lastFragment: NIODeadline
    private var silence = LiveStream.silence.least
    private var isLost = false
    /// Why the stream did not come.
    private var reason: String?
    private var isOver = false
    private var end = LiveEnd.stopping

    init(
        path: StreamPath, tracks: LiveTracks, startTimeout: TimeAmount, clock: StreamClock, works: StreamWorks,
        logger: Logger
    ) {
        self.startTimeout = startTimeout
        self.clock = clock
        self.works = works
        var logger = logger
        logger[metadataKey: "stream"] = "\(path)"
        self.logger = logger
        making = LiveMaking(tracks, works: works, logger: logger)
        lastWanted = clock.now()
        lastFragment = clock.now()
    }

    /// Until nobody wants it, the stream is no more, or the task is cancelled.
    func run() async {
        logger.info("live started")
        let following = Task { await follow() }
        await watchTheTime()
        conclude(Task.isCancelled ? .stopping : end)
        // Nor is it waited for: a camera that does not answer may take a while, and the next life need not.
        following.cancel()
        logger.info("live ended")
    }

    private func conclude(_ end: LiveEnd) {
        isOver = true
        self.end = end
        publish([.ended(end)])
        seats = [:]
    }

    private func follow() async {
        while !isOver {
            do {
                let source = try await works.open()
                reason = nil
                for await event in source.events { received(event) }
                source.end()
            } catch StreamError.closed {
                end = .gone
                return
            } catch {
                reason = "\(error)"
                logger.debug("the stream did not come", metadata: ["reason": "\(error)"])
            }
            guard !isOver else { return }
            making.timelineBroke()
            try? await Task.sleep(for: Self.retry)
        }
    }

    private func watchTheTime() async {
        while !Task.isCancelled, end != .gone, !timePassed() { try? await Task.sleep(for: Self.look) }
    }

    private func received(_ event: AccessUnitFeed.Event) {
        guard !isOver else { return }
        var events = making.received(event)
        if let refusal = making.refusal {
            publish([.ended(.unsupported(refusal))])
            seats = [:]
            return
        }
        guard !events.isEmpty else { return }
        let now = clock.now()
        silence = min(max((now - lastFragment) * 3, Self.silence.least), Self.silence.most)
        lastFragment = now
        if isLost {
            isLost = false
            events.insert(.returned, at: 0)
        }
        publish(events)
    }

    /// One hop for each loop that has viewers.
    private func publish(_ events: [LiveEvent]) {
        for event in events { group.took(event) }
        for seat in seats.values {
            seat.eventLoop.execute { [loop = seat.loop] in loop.value.take(events, at: .now()) }
        }
    }

    /// Tells of a source that is away; `true` where nobody wants the stream any more.
    func timePassed() -> Bool {
        let now = clock.now()
        if !isLost, now - lastFragment >= silence {
            isLost = true
            publish([.lost(reason ?? "nothing comes from the camera")])
        }
        guard seats.isEmpty, asking == 0, now - lastWanted >= Self.linger else { return false }
        isOver = true
        return true
    }
}

// MARK: Viewers

extension LiveStream {
    /// Waits until there is something to begin with; why there is not, or `nil` where this life is over and another has to be asked.
    func readiness() async -> Result<LiveOpening, LiveEnd>? {
        asking += 1
        defer {
            asking -= 1
            lastWanted = clock.now()
        }
        let deadline = clock.now() + startTimeout
        while true {
            if isOver { return end == .gone ? .failure(.gone) : nil }
            if let refusal = making.refusal { return .failure(.unsupported(refusal)) }
            if group.isStartable, let opening = group.opening { return .success(opening) }
            guard clock.now() < deadline, !Task.isCancelled else {
                return .failure(
                    .unavailable(reason ?? "the camera did not come in time, or sends no key frame"))
            }
            try? await Task.sleep(for: Self.readyLook)
        }
    }

    /// Gives a viewer, who lives on `eventLoop`, the group that is under way and all that follows; `false` where this life is over.
    func join(_ viewer: NIOLoopBound<any LiveViewer>, on eventLoop: any EventLoop) -> Bool {
        guard !isOver else { return false }
        let key = ObjectIdentifier(eventLoop)
        var seat =
            seats[key]
            ?? Seat(
                eventLoop: eventLoop,
                loop: NIOLoopBoundBox.makeBoxSendingValue(LiveLoop(group), eventLoop: eventLoop))
        seat.viewers += 1
        seats[key] = seat
        lastNumber += 1
        let place = LivePlace(seat: seat.loop, number: lastNumber, eventLoop: eventLoop, stream: self)
        eventLoop.execute {
            place.seat.value.add(viewer.value, place.number)
            viewer.value.joined(place)
        }
        return true
    }

    var viewers: Int { seats.values.reduce(0) { $0 + $1.viewers } }

    /// A viewer of that loop has gone.
    func left(_ eventLoop: any EventLoop) {
        let key = ObjectIdentifier(eventLoop)
        lastWanted = clock.now()
        guard var seat = seats[key] else { return }
        seat.viewers -= 1
        seats[key] = seat.viewers > 0 ? seat : nil
    }
}
