import DequeModule
import Logging
import Media
import NIOCore
import RTP
import RTSP
import RTSPTransport
import Reflector

/// The media side of one play session: a subscriber that sends a stream's bursts to one viewer.
///
/// Confined to the viewer's loop. `prepare()`, then `begin()` once the PLAY response is written; `pause()` and `prepare()` again;
/// `end()` once.
package final class StreamDelivery: Subscriber {
    private enum Phase {
        /// Not subscribed. To subscribing, ended.
        case idle
        /// Asked the stream. To prepared, idle, ended.
        case subscribing(EventLoopPromise<PlayStart>)
        /// Subscribed, waiting for a first packet to name. To prepared, idle, ended.
        case awaitingFirstPacket(EventLoopPromise<PlayStart>, Scheduled<Void>)
        /// Knows where playback begins; bursts are held. To playing, idle, ended.
        case prepared
        case playing
        case ended
    }

    /// PLAY is answered without RTP-Info when the stream shows no packet for so long.
    private static let firstPacketPatience = TimeAmount.milliseconds(500)

    private let stream: Stream
    /// All of the stream, as the viewer was told.
    private let known: [StreamTrack]
    /// Those of them that the viewer is sent.
    private let tracks: [StreamTrack]
    /// The way that the stream had come, as further relays were told; `nil` for a viewer.
    private let via: RelayChain?
    private let eventLoop: any EventLoop
    private let interleaved: InterleavedPath?
    private let datagrams: DatagramPath?
    private var phase = Phase.idle
    private var subscription: Subscription?
    private var machine = DeliveryStateMachine(startBytes: nil, at: .uptimeNanoseconds(0))
    private var held = Deque<Burst>()
    /// Groups are the video's: who is sent none can begin with any burst.
    private let startsAnywhere: Bool
    private let canShare: Bool
    /// While the viewer keeps up it goes with the others, and no burst is brought to it alone.
    private var shared: SharedDelivery?
    /// What was sent before the last PAUSE: of the last burst, and of the last that began a group, each track's first sequence number.
    private var sentBefore: [[Int: UInt16]] = []
    private var lastSent: Burst?
    /// The beginning of the group that was sent last.
    private var lastGroupStart: Burst?
    private var earlierSkips = 0
    private var skippedBursts: UInt64 = 0
    /// Those that this viewer was sent later than the others, or alone.
    private var sentReports = SentReports()

    /// The stream ended: it was closed, or its source came back as something else.
    package var onEnd: (() -> Void)?
    /// Sees every burst as it goes out. Who is watched goes alone; set it before `begin()`.
    var onSent: ((Burst) -> Void)?

    /// `routes` by track index; `writer` serves the interleaved ones, `datagrams` the others. One that passes the stream on to
    /// further relays names in `via` what they were told of its way: it ends when the stream comes another way.
    package init(
        stream: Stream, tracks: [StreamTrack], routes: [Int: DeliveryRoute], writer: InterleavedWriter?,
        datagrams: DatagramDeparture?, via: RelayChain? = nil, eventLoop: any EventLoop
    ) {
        self.stream = stream
        known = tracks
        self.via = via
        // Most viewers are sent all of them: they need no list of their own.
        let isComplete = tracks.allSatisfy { routes[$0.index] != nil }
        self.tracks = isComplete ? tracks : tracks.filter { routes[$0.index] != nil }
        startsAnywhere = !self.tracks.contains { $0.description.kind == .video }
        self.eventLoop = eventLoop
        interleaved = writer.flatMap { InterleavedPath(routes: routes, trackCount: tracks.count, writer: $0) }
        self.datagrams = datagrams.flatMap {
            DatagramPath(routes: routes, trackCount: tracks.count, sockets: $0, eventLoop: eventLoop)
        }
        canShare = self.datagrams == nil || interleaved == nil && self.datagrams?.shared != nil
    }

    package var counters: DeliveryCounters {
        var counters = DeliveryCounters()
        for sent in [interleaved?.sent, datagrams?.sent] {
            counters.packets &+= sent?.packets ?? 0
            counters.bytes &+= sent?.bytes ?? 0
        }
        counters.skips = UInt64(earlierSkips + machine.skips)
        counters.skippedBursts = skippedBursts
        return counters
    }

    /// When this viewer was sent the report of a track with that middle of its time; `nil` for one that is unknown or long past.
    package func reportSent(_ middle32: UInt32, of track: Int) -> NIODeadline? {
        sentReports.sent(middle32, of: track) ?? subscription?.reportSent(middle32, of: track)
    }

    /// Subscribes and tells where playback begins; fails with `StreamError.closed` when the delivery is ended meanwhile.
    package func prepare() -> EventLoopFuture<PlayStart> {
        guard case .idle = phase else { return eventLoop.makeFailedFuture(StreamError.closed(stream.path)) }
        let promise = eventLoop.makePromise(of: PlayStart.self)
        phase = .subscribing(promise)
        stream.subscribe(self, knowing: known, via: via, observer: datagrams?.shared, on: eventLoop)
        return promise.futureResult
    }

    /// The PLAY response is on its way: packets may flow.
    package func begin() {
        guard case .prepared = phase else { return }
        phase = .playing
        interleaved?.observeDrain { [weak self] in self?.sendHeld() }
        datagrams?.onPaced = { [weak self] in self?.sendHeld() }
        sendHeld()
    }

    /// Stops at once; what is held is forgotten.
    package func pause() {
        switch phase {
        case .subscribing(let promise):
            promise.fail(StreamError.closed(stream.path))
        case .awaitingFirstPacket(let promise, let timer):
            timer.cancel()
            promise.fail(StreamError.closed(stream.path))
        case .ended:
            return
        case .idle, .prepared, .playing:
            break
        }
        phase = .idle
        leave()
        forgetSent()
    }

    /// Final; `goodbye` sends an RTCP BYE on every track that was played (RFC 3550 §6.6).
    package func end(goodbye: Bool) {
        if case .ended = phase { return }
        pause()
        phase = .ended
        if goodbye, !sentBefore.isEmpty { sendGoodbyes() }
        onEnd = nil
    }

    // MARK: Subscriber

    package func subscribed(_ subscription: Subscription, start: StreamStart?) {
        guard case .subscribing(let promise) = phase else { return subscription.end() }
        self.subscription = subscription
        earlierSkips += machine.skips
        let now = NIODeadline.now()
        if let start, isAhead(start) {
            held = Deque(start.bursts)
            machine = DeliveryStateMachine(startBytes: start.byteCount, at: now)
            phase = .prepared
            promise.succeed(PlayStart(start.firstPackets, of: tracks))
        } else {
            machine = DeliveryStateMachine(startBytes: nil, at: now)
            let timer = eventLoop.assumeIsolated().scheduleTask(in: Self.firstPacketPatience) {
                self.firstPacketKnown(PlayStart())
            }
            phase = .awaitingFirstPacket(promise, timer)
        }
    }

    package func receive(_ burst: Burst, variants: BurstVariants) {
        let verdict = machine.burstArrived(
            bytes: burst.byteCount, startsGroup: burst.startsGroup || startsAnywhere, isWritable: isWritable,
            at: burst.arrival
        )
        switch verdict {
        case .send:
            send(burst, variants: variants)
            share()
        case .hold:
            held.append(burst)
            datagrams?.held(packets: burst.entries.count)
            wake(for: burst)
        case .skip:
            skippedBursts += 1
        case .skipAll:
            held.append(burst)
            dropHeld()
        case .restart:
            dropHeld()
            held.append(burst)
        }
    }

    package func streamEnded() {
        stopSharing()
        subscription = nil
        let onEnd = self.onEnd
        end(goodbye: true)
        onEnd?()
    }

    /// Forgets what is held, but for the rest of a picture that the viewer has got the beginning of: it is to lose whole
    /// pictures, and no decoder takes half a one.
    private func dropHeld() {
        let rest = restOfPicture()
        skippedBursts += UInt64(held.count - rest.count)
        held = rest
    }

    private func restOfPicture() -> Deque<Burst> {
        guard lastSent?.leavesPictureOpen == true, let track = tracks.first(where: { $0.description.kind == .video })
        else { return [] }
        var rest = Deque<Burst>()
        for burst in held {
            if let end = burst.throughAccessUnit(of: track.index) { return rest + [end] }
            rest.append(burst)
        }
        return []
    }

    // MARK: Sending

    /// The viewer may be sent to, and has taken what it was sent.
    private var isWritable: Bool {
        guard case .playing = phase else { return false }
        return held.isEmpty && (interleaved?.isDrained ?? true) && (datagrams?.isPacing != true)
    }

    private func wake(for burst: Burst) {
        switch phase {
        case .awaitingFirstPacket:
            let start = PlayStart(burst, of: tracks)
            if !start.tracks.isEmpty { firstPacketKnown(start) }
        case .playing: sendHeld()
        case .idle, .subscribing, .prepared, .ended: break
        }
    }

    private func firstPacketKnown(_ start: PlayStart) {
        guard case .awaitingFirstPacket(let promise, let timer) = phase else { return }
        timer.cancel()
        phase = .prepared
        promise.succeed(start)
    }

    private func send(_ burst: Burst, variants: BurstVariants) {
        noteSent(burst)
        interleaved?.send(variants)
        datagrams?.send(variants)
    }

    /// Sends what is held, as far as the viewer takes it: a connection until it no longer drains, datagrams at their pace.
    private func sendHeld() {
        guard case .playing = phase else { return }
        while let burst = held.first, interleaved?.isDrained ?? true, datagrams?.isPacing != true {
            held.removeFirst()
            noteSent(burst)
            if burst.holdsReports { sentReports.note(burst, at: .now()) }
            interleaved?.send(burst)
            datagrams?.pace(burst)
            let isOut = held.isEmpty && datagrams?.isPacing != true
            machine.heldBurstSent(bytes: burst.byteCount, next: isOut ? nil : held.first?.arrival ?? burst.arrival)
        }
        if held.isEmpty, datagrams?.isPacing != true {
            machine.heldBurstSent(bytes: 0, next: nil)
            share()
        }
    }

    /// Goes with the others, if the viewer keeps up. One that takes some tracks this way and some that goes alone.
    private func share() {
        guard canShare, shared == nil, onSent == nil, machine.isLive, isWritable, interleaved?.canJoin ?? true,
            let delivery = subscription?.carrier({
                SharedDelivery(lastBurst: lastSent, lastGroupStart: lastGroupStart)
            })
        else { return }
        datagrams?.join(delivery)
        interleaved?.join(delivery) { [weak self] in self?.stopSharing() }
        delivery.learn(groupStart: lastGroupStart)
        shared = delivery
        // The delivery knows them too: viewers that each held on to what they began with would cost more than all the rest of them.
        lastSent = nil
        lastGroupStart = nil
        held = []
        subscription?.handOver()
    }

    /// Gets its bursts alone again.
    private func stopSharing() {
        guard let delivery = shared else { return }
        shared = nil
        interleaved?.leaveLane()
        datagrams?.leaveLane()
        lastSent = delivery.lastBurst
        lastGroupStart = delivery.lastGroupStart
        subscription?.takeBack()
    }

    private func sendGoodbyes() {
        for track in tracks {
            var packet = ByteBufferAllocator().buffer(capacity: 64)
            RTCPCompound.writeGoodbye(ReceiverReport(ssrc: track.ssrc, reports: []), cname: "heliograph", into: &packet)
            interleaved?.send(control: packet, track: track.index)
            datagrams?.send(control: packet, track: track.index)
        }
    }

    private func leave() {
        stopSharing()
        subscription?.end()
        subscription = nil
        held.removeAll()
        interleaved?.stopObserving()
        datagrams?.stopPacing()
    }

    private func noteSent(_ burst: Burst) {
        lastSent = burst
        if burst.startsGroup { lastGroupStart = burst }
        onSent?(burst)
    }

    /// A start that lies behind what the viewer has got already would run its sequence numbers backwards.
    ///
    /// The burst sent last may hold one track of several: the others are no older than the group they belong to.
    private func isAhead(_ start: StreamStart) -> Bool {
        sentBefore.allSatisfy { sent in
            sent.allSatisfy { track, number in
                guard track < start.firstPackets.count, let first = start.firstPackets[track] else { return true }
                return Int16(bitPattern: first.sequenceNumber &- number) > 0
            }
        }
    }

    /// A viewer that pauses keeps the numbers and not the pictures.
    private func forgetSent() {
        guard let lastSent else { return }
        sentBefore = [lastGroupStart, lastSent].compactMap { $0?.firstSequenceNumbers }
        self.lastSent = nil
        lastGroupStart = nil
    }
}

extension Burst {
    /// Of each track's first packet.
    fileprivate var firstSequenceNumbers: [Int: UInt16] {
        entries.reduce(into: [:]) { numbers, entry in
            guard !entry.isControl, numbers[entry.track] == nil else { return }
            numbers[entry.track] = bytes.getInteger(at: entry.offset + 2)
        }
    }
}
