import Logging
import Media
import NIOCore
import RTP

/// The stream itself: its tracks, its ring, its subscribers. Confined to the home loop; `Stream` is its handle.
final class StreamCore {
    let path: StreamPath
    private let title: String?
    private let policy: StreamPolicy
    private let homeLoop: any EventLoop
    let clock: StreamClock
    let logger: Logger
    var intake = StreamIntake()
    private var version: UInt64 = 0
    private(set) var hasPublication = false
    private var hold = PictureHold()
    private var holdTimer: Scheduled<Void>?
    private var ring: GroupRing
    private var reports: SenderReportSchedule
    /// Made when a viewer joins, good for all who join before the next burst; a large one for a moment longer.
    private var start: StreamStart?
    private var members = StreamMembers()
    private var waiting: WaitingViewers
    /// How the last source has come.
    private var via = RelayChain.direct
    /// How the source comes that is being asked for.
    private var asked = RelayChain.direct
    private(set) var lifecycle: StreamLifecycle
    private var absence: SourceAbsence
    private var lingerTimer: Scheduled<Void>?
    private let demand: AsyncStream<Bool>.Continuation

    init(
        path: StreamPath, title: String?, policy: StreamPolicy, homeLoop: any EventLoop, clock: StreamClock,
        demand: AsyncStream<Bool>.Continuation, logger: Logger
    ) {
        self.path = path
        self.title = title
        self.policy = policy
        self.homeLoop = homeLoop
        self.clock = clock
        self.demand = demand
        self.logger = logger
        waiting = WaitingViewers(for: path)
        ring = GroupRing(bounds: GroupRing.Bounds(bytes: policy.ringBytes, age: policy.ringAge))
        reports = SenderReportSchedule(canonicalName: "heliograph-\(clock.random())")
        lifecycle = StreamLifecycle(onDemand: policy.onDemand)
        absence = SourceAbsence(wantedSince: clock.now())
        if !policy.onDemand { demand.yield(true) }
    }

    // MARK: The source's side

    func publish(
        _ descriptions: [TrackDescription], by source: String, via: RelayChain
    ) throws(StreamError) -> Publication {
        try begin(descriptions, by: source, via: via)
        return Publication(core: self, trackCount: descriptions.count)
    }

    /// Whether a source of these tracks can be taken on at all.
    func check(_ descriptions: [TrackDescription]) throws(StreamError) {
        guard !lifecycle.isClosed else { throw StreamError.closed(path) }
        guard (1...StreamTrack.limit).contains(descriptions.count) else {
            throw StreamError.unusableTracks(path, count: descriptions.count)
        }
    }

    /// A source of these tracks begins.
    func begin(_ descriptions: [TrackDescription], by source: String, via: RelayChain) throws(StreamError) {
        try check(descriptions)
        guard !hasPublication else { throw StreamError.alreadyPublished(path) }
        sourceCame(through: via)
        let isFirst = intake.tracks.isEmpty
        if intake.sourceBegan(descriptions, policy: policy, random: clock.random), !isFirst {
            logger.notice("stream changed, viewers have to ask again", metadata: ["source": "\(source)"])
            endSubscribers()
        }
        version += 1
        hasPublication = true
        if !isWatched { intake.unixEpochOffset = nil }
        lifecycle.sourceBegan()
        absence.sourceBegan()
        waiting.takeAll().answer(snapshot, from: via)
    }

    /// The next packet is a key frame: nothing more is waited for.
    func openGate() {
        intake.gate = nil
    }

    func receive(_ packet: RTPPacket, track: Int, at arrival: NIODeadline) {
        guard intake.receive(packet, track: track, at: arrival, clock: clock) else { return }
        // Not before the access is over: who gets a burst may ask for the tracks at once.
        stopHolding()
        for burst in intake.builder.takeFinished() { distribute(burst) }
    }

    func receive(_ report: SenderReport, track: Int) {
        intake.tracks[track].receive(report)
    }

    var awaitsRest: Bool { intake.builder.isMidPicture && isWatched }

    var isWatched: Bool { members.isWatched }

    func readEnded(at now: NIODeadline) {
        guard !intake.builder.isEmpty else { return }
        let viewers = members.mostViewersOfALoop
        switch hold.readEnded(isMidPicture: intake.builder.isMidPicture, viewers: viewers, at: now) {
        case .distribute:
            stopHolding()
            distributeBuilt(at: now)
        // Nobody waits for it: the next read will do, or the first viewer.
        case .wait where viewers == 0: break
        case .wait(let deadline):
            holdTimer =
                holdTimer
                ?? homeLoop.assumeIsolated().scheduleTask(deadline: deadline) {
                    self.holdTimer = nil
                    self.readEnded(at: deadline)
                }
        }
    }

    private func stopHolding() {
        hold.reset()
        holdTimer?.cancel()
        holdTimer = nil
    }

    private func distributeBuilt(at now: NIODeadline) {
        // A viewer that waited for this group, or for this track, knows no report yet. ffmpeg places what comes before
        // the first one by a clock of its own, and the sound would run twice through the moments in between.
        let awaitsFirst = intake.awaitsFirstReport
        let awaitsReports = intake.builder.startsGroup && !ring.isStartable || awaitsFirst
        if reports.isDue(at: now, awaited: awaitsFirst) || awaitsReports {
            reports.adjust(&intake.tracks, isWatched: isWatched)
            intake.followWallClock(clock)
            tellFindings()
            if awaitsReports {
                intake.builder.lead(with: senderReports())
            } else {
                for report in senderReports() { intake.builder.append(control: report.packet, track: report.track) }
            }
        }
        if let burst = intake.builder.take(at: now) { distribute(burst) }
    }

    func publicationEnded() {
        guard hasPublication else { return }
        hasPublication = false
        stopHolding()
        let before = ring.previous
        intake.builder.sourceEnded()
        if let burst = intake.builder.take(at: intake.timeline.lastArrival) { distribute(burst) }
        absence.sourceLost(leaving: lastPicture(of: ring.bursts) ?? lastPicture(of: before))
        intake.sourceEnded()
        ring.clear()
        start = nil
        members.groups.onEachLoop { $0.sourceLost() }
        asked = .direct
        lifecycle.sourceEnded()
    }

    /// Nothing is left of what was sent, neither viewers nor tracks; a source on demand is not wanted any more.
    func publicationFinished() {
        publicationEnded()
        intake.tracks = []
        version += 1
        endSubscribers()
        if waiting.isEmpty, lifecycle.unwanted() == .startLinger { lingered() }
    }

    private func distribute(_ burst: Burst) {
        intake.burstSent(at: burst.arrival)
        ring.append(burst)
        start = ring.isStartable ? start?.followed(by: burst) : nil
        if absence.lastPicture != nil, ring.isStartable, !burst.leavesPictureOpen { absence.pictureCame() }
        for handle in members.groups {
            if handle.eventLoop === homeLoop {
                handle.group.value.deliver(burst)
            } else {
                handle.eventLoop.execute { handle.group.value.deliver(burst) }
            }
        }
    }

    private func lastPicture(of group: [Burst]) -> LastPicture? {
        group.isEmpty ? nil : LastPicture(of: group, tracks: snapshot.tracks, reports: senderReports())
    }

    func sourceFailed(because reason: String) {
        absence.sourceFailed(because: reason)
    }

    /// How it is with the source.
    private var source: StreamStatus.Source {
        if hasPublication { return .live }
        guard lifecycle.wantsSource else { return .unwanted }
        return absence.isDown(at: clock.now(), patience: policy.startTimeout) ? .down : .awaited
    }

    var standing: StreamStanding {
        StreamStanding(isDown: source == .down, lastPicture: absence.lastPicture)
    }

    func status() -> StreamStatus {
        let now = clock.now()
        return StreamStatus(
            source: source, setback: hasPublication ? nil : absence.setback, tracks: snapshot.tracks,
            viewers: members.viewers, rate: hasPublication ? intake.rates.reading(intake.counts, at: now) : nil,
            age: intake.rates.lastFrame.map { max(.zero, now - $0) })
    }

    private func senderReports() -> [(track: Int, packet: ByteBuffer)] {
        intake.unixEpochOffset.map { reports.reports(of: intake.tracks, unixEpochOffset: $0) } ?? []
    }

    // MARK: The way of the source

    private func sourceCame(through relays: RelayChain) {
        asked = relays
        guard via != relays else { return }
        via = relays
        // What they told others of its way is no longer true, and a ring may close where nobody sees it.
        members.groups.onEachLoop { $0.endRelays() }
    }

    func sourceIsAsked(through relays: RelayChain) {
        asked = relays
        waiting.refuse(those: relays)
    }

    // MARK: The viewers' side

    var snapshot: StreamSnapshot {
        StreamSnapshot(
            path: path,
            title: title,
            tracks: intake.tracks.map { StreamTrack(index: $0.index, description: $0.description, ssrc: $0.ssrc) },
            version: intake.tracks.reduce(version) { $0 + $1.configurationChanges },
            via: via
        )
    }

    /// Waits for the source up to the start time-out; a stream that was live before keeps its description.
    func describe(for relays: RelayChain) -> EventLoopFuture<StreamSnapshot> {
        guard !lifecycle.isClosed else { return homeLoop.makeFailedFuture(StreamError.closed(path)) }
        let isKnown = !intake.tracks.isEmpty && (hasPublication || !policy.onDemand)
        // How the last source came says nothing of the next one, which may be another.
        guard !relays.meets(asked), !isKnown || !relays.meets(via) else {
            return homeLoop.makeFailedFuture(StreamError.loop(path))
        }
        wanted()
        if isKnown {
            // Who asks and never plays must not keep the source.
            unwantedIfIdle()
            return homeLoop.makeSucceededFuture(snapshot)
        }
        let promise = homeLoop.makePromise(of: StreamSnapshot.self)
        let number = waiting.add(promise, for: relays)
        let timeout = homeLoop.assumeIsolated().scheduleTask(in: policy.startTimeout) { [path] in
            promise.fail(StreamError.unavailable(path))
        }
        promise.futureResult.assumeIsolated().whenComplete { _ in
            timeout.cancel()
            self.waiting.remove(number)
            self.unwantedIfIdle()
        }
        return promise.futureResult
    }

    func subscribe(
        _ subscriber: NIOLoopBound<any Subscriber>, manner: SubscriberManner, ssrcs: [UInt32]?, via: RelayChain?,
        observer: NIOLoopBound<(any BurstDeliveryObserver)?>, on eventLoop: any EventLoop
    ) {
        let attach = attachment(
            of: subscriber, manner: manner, ssrcs: ssrcs, via: via, observer: observer, on: eventLoop)
        if eventLoop === homeLoop { attach() } else { eventLoop.execute(attach) }
    }

    private func attachment(
        of subscriber: NIOLoopBound<any Subscriber>, manner: SubscriberManner, ssrcs: [UInt32]?, via: RelayChain?,
        observer: NIOLoopBound<(any BurstDeliveryObserver)?>, on eventLoop: any EventLoop
    ) -> @Sendable () -> Void {
        guard !lifecycle.isClosed, ssrcs == nil || ssrcs == intake.tracks.map(\.ssrc), via == nil || via == self.via
        else {
            return { subscriber.value.streamEnded() }
        }
        if !isWatched, !intake.builder.isEmpty {
            stopHolding()
            distributeBuilt(at: intake.timeline.lastArrival)
        }
        wanted()
        let member = members.join(manner, on: eventLoop)
        let start = manner.keepsTimes ? makeUndrawnStart() : self.start ?? makeStart()
        if !manner.keepsTimes { self.start = start }
        let ending = NIOLoopBound(self, eventLoop: homeLoop)
        let subscription = Subscription.Parts(
            id: member.number, group: member.group, core: ending, homeLoop: homeLoop)
        return {
            member.group.value.add(subscriber.value, id: member.number, isRelay: via != nil, observer: observer.value)
            subscriber.value.subscribed(Subscription(subscription), start: start)
        }
    }

    func unsubscribed(_ id: Int) {
        members.leave(id)
        unwantedIfIdle()
    }

    var viewerCount: Int { members.count }

    /// Ends every subscriber and refuses what comes after.
    func close() {
        guard !lifecycle.isClosed else { return }
        lifecycle.closed()
        lingerTimer?.cancel()
        waiting.takeAll().fail(StreamError.closed(path))
        endSubscribers()
        demand.finish()
    }

    private func makeStart() -> StreamStart? {
        guard ring.isStartable else { return nil }
        return StreamStart(
            group: ring.bursts,
            pictureClocks: intake.tracks.map {
                $0.description.kind == .video ? $0.description.primary.clockRate ?? 90_000 : nil
            },
            reports: senderReports()
        )
    }

    private func makeUndrawnStart() -> StreamStart? {
        guard ring.isStartable else { return nil }
        return StreamStart(undrawn: ring.bursts, tracks: intake.tracks.count, reports: senderReports())
    }

    private func endSubscribers() {
        members.leaveAll().onEachLoop { $0.end() }
        ring.clear()
        start = nil
    }

    // MARK: Demand

    private func wanted() {
        lingerTimer?.cancel()
        lingerTimer = nil
        guard lifecycle.wanted() == .startSource else { return }
        absence.wanted(at: clock.now())
        demand.yield(true)
    }

    private func unwantedIfIdle() {
        guard members.isEmpty, waiting.isEmpty, lifecycle.unwanted() == .startLinger else { return }
        lingerTimer?.cancel()
        lingerTimer = homeLoop.assumeIsolated().scheduleTask(in: policy.linger) {
            self.lingered()
        }
    }

    private func lingered() {
        lingerTimer = nil
        guard members.isEmpty, lifecycle.lingered() == .stopSource else { return }
        if !hasPublication { asked = .direct }
        demand.yield(false)
    }
}
