import Logging
import Media
import NIOCore
import RTP

/// The stream itself: its tracks, its ring, its subscribers. Confined to the home loop; `Stream` is its handle.
final class StreamCore {
    /// Who waits for the source, and on behalf of which relays.
    private struct Waiting {
        let promise: EventLoopPromise<StreamSnapshot>
        let relays: RelayChain
    }

    let path: StreamPath
    private let title: String?
    private let policy: StreamPolicy
    private let homeLoop: any EventLoop
    private let clock: StreamClock
    let logger: Logger
    var intake = StreamIntake()
    private var version: UInt64 = 0
    private var hasPublication = false
    private var hold = PictureHold()
    private var holdTimer: Scheduled<Void>?
    private var ring: GroupRing
    private var reports: SenderReportSchedule
    /// Made when a viewer joins, good for all who join before the next burst; a large one for a moment longer.
    private var start: StreamStart?
    private var groups: [GroupHandle] = []
    private var waiting: [Int: Waiting] = [:]
    private var lastWaiting = 0
    /// How the last source has come.
    private var via = RelayChain.direct
    /// How the source comes that is being asked for.
    private var asked = RelayChain.direct
    private(set) var lifecycle: StreamLifecycle
    private var lingerTimer: Scheduled<Void>?
    private var lastSubscription = 0
    /// All subscribers, by number.
    private var members: [Int: Member] = [:]
    /// Subscribers that do not look away: for them pictures are held together and clocks turned gently.
    private var watching = 0
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
        ring = GroupRing(bounds: GroupRing.Bounds(bytes: policy.ringBytes, age: policy.ringAge))
        reports = SenderReportSchedule(canonicalName: "heliograph-\(clock.random())")
        lifecycle = StreamLifecycle(onDemand: policy.onDemand)
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
        let snapshot = self.snapshot
        for who in takeWaiting() {
            if who.relays.meets(via) { who.promise.fail(StreamError.loop(path)) } else { who.promise.succeed(snapshot) }
        }
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

    var isWatched: Bool { watching > 0 }

    func readEnded(at now: NIODeadline) {
        guard !intake.builder.isEmpty else { return }
        let viewers = groups.reduce(0) { max($0, $1.viewers) }
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
        intake.builder.sourceEnded()
        if let burst = intake.builder.take(at: intake.timeline.lastArrival) { distribute(burst) }
        intake.sourceEnded()
        ring.clear()
        start = nil
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
        ring.append(burst)
        start = ring.isStartable ? start?.followed(by: burst) : nil
        for handle in groups {
            if handle.eventLoop === homeLoop {
                handle.group.value.deliver(burst)
            } else {
                handle.eventLoop.execute { handle.group.value.deliver(burst) }
            }
        }
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
        for handle in groups {
            if handle.eventLoop === homeLoop {
                handle.group.value.endRelays()
            } else {
                handle.eventLoop.execute { handle.group.value.endRelays() }
            }
        }
    }

    func sourceIsAsked(through relays: RelayChain) {
        asked = relays
        for who in waiting.values where who.relays.meets(relays) { who.promise.fail(StreamError.loop(path)) }
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
        lastWaiting += 1
        let number = lastWaiting
        waiting[number] = Waiting(promise: promise, relays: relays)
        let timeout = homeLoop.assumeIsolated().scheduleTask(in: policy.startTimeout) { [path] in
            promise.fail(StreamError.unavailable(path))
        }
        promise.futureResult.assumeIsolated().whenComplete { _ in
            timeout.cancel()
            self.waiting[number] = nil
            self.unwantedIfIdle()
        }
        return promise.futureResult
    }

    func subscribe(
        _ subscriber: NIOLoopBound<any Subscriber>, looksAway: Bool, ssrcs: [UInt32]?, via: RelayChain?,
        observer: NIOLoopBound<(any BurstDeliveryObserver)?>, on eventLoop: any EventLoop
    ) {
        let attach = attachment(
            of: subscriber, looksAway: looksAway, ssrcs: ssrcs, via: via, observer: observer, on: eventLoop)
        if eventLoop === homeLoop { attach() } else { eventLoop.execute(attach) }
    }

    private func attachment(
        of subscriber: NIOLoopBound<any Subscriber>, looksAway: Bool, ssrcs: [UInt32]?, via: RelayChain?,
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
        lastSubscription += 1
        let id = lastSubscription
        wanted()
        let member = Member(eventLoop: ObjectIdentifier(eventLoop), looksAway: looksAway)
        members[id] = member
        if !looksAway { watching += 1 }
        let start = self.start ?? makeStart()
        self.start = start
        let group = join(member, on: eventLoop)
        let ending = NIOLoopBound(self, eventLoop: homeLoop)
        let subscription = Subscription.Parts(id: id, group: group, core: ending, homeLoop: homeLoop)
        return {
            group.value.add(subscriber.value, id: id, isRelay: via != nil, observer: observer.value)
            subscriber.value.subscribed(Subscription(subscription), start: start)
        }
    }

    func unsubscribed(_ id: Int) {
        if let member = members.removeValue(forKey: id) { leaveGroup(member) }
        unwantedIfIdle()
    }

    var viewerCount: Int { members.count }

    /// Ends every subscriber and refuses what comes after.
    func close() {
        guard !lifecycle.isClosed else { return }
        lifecycle.closed()
        lingerTimer?.cancel()
        for who in takeWaiting() { who.promise.fail(StreamError.closed(path)) }
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

    private func takeWaiting() -> [Waiting] {
        defer { waiting = [:] }
        return Array(waiting.values)
    }

    private func join(_ member: Member, on eventLoop: any EventLoop) -> NIOLoopBoundBox<SubscriberGroup> {
        let viewers = member.looksAway ? 0 : 1
        if let known = groups.firstIndex(where: { $0.eventLoop === eventLoop }) {
            groups[known].members += 1
            groups[known].viewers += viewers
            return groups[known].group
        }
        let group = NIOLoopBoundBox.makeBoxSendingValue(SubscriberGroup(), eventLoop: eventLoop)
        groups.append(GroupHandle(eventLoop: eventLoop, group: group, members: 1, viewers: viewers))
        return group
    }

    /// A loop where nobody watches any more is not woken for every burst.
    private func leaveGroup(_ member: Member) {
        if !member.looksAway { watching -= 1 }
        guard let index = groups.firstIndex(where: { ObjectIdentifier($0.eventLoop) == member.eventLoop }) else {
            return
        }
        groups[index].members -= 1
        if !member.looksAway { groups[index].viewers -= 1 }
        if groups[index].members == 0 { groups.remove(at: index) }
    }

    private func endSubscribers() {
        let ended = groups
        groups = []
        members = [:]
        watching = 0
        for handle in ended {
            if handle.eventLoop === homeLoop {
                handle.group.value.end()
            } else {
                handle.eventLoop.execute { handle.group.value.end() }
            }
        }
        ring.clear()
        start = nil
    }

    // MARK: Demand

    private func wanted() {
        lingerTimer?.cancel()
        lingerTimer = nil
        if lifecycle.wanted() == .startSource { demand.yield(true) }
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
