import Logging
import Media
import NIOCore
import RTSP
import RTSPTransport
import Reflector

/// One publisher on its connection: carries out what the session's machine decides. Confined to the connection's loop.
final class AnnounceSession {
    let identifier: SessionIdentifier
    let targets: RecordTargets
    /// It is over; called once.
    var onEnd: ((PublisherEnd) -> Void)?

    private let lease: PublishingPaths.Lease
    private let intake: PublisherIntake
    /// Where the reception's last word finds the session, as long as it is not over.
    private let present: NIOLoopBoundBox<AnnounceSession?>
    private let context: RTSPRequestContext
    /// As a Session header says it, in seconds.
    private let toldTimeout: Int
    private var machine: RecordSessionStateMachine
    private var channels = ChannelTable()
    private var arrived: [ArrivedPacket] = []
    private var timer: Scheduled<Void>?
    private var wasUsed = false
    /// The connection counts it: it was set up, and is not over.
    private var isCounted = false

    /// A session to publish what was announced to the leased path. It ends after `timeout` without a request while nothing flows, and
    /// without any sign of life where nothing has to.
    init(
        identifier: SessionIdentifier,
        targets: RecordTargets,
        announced: AnnouncedTracks,
        lease: PublishingPaths.Lease,
        timeout: TimeAmount,
        context: RTSPRequestContext
    ) {
        self.identifier = identifier
        self.targets = targets
        self.lease = lease
        self.context = context
        toldTimeout = Int(max(1, timeout.nanoseconds / 1_000_000_000))
        machine = RecordSessionStateMachine(trackCount: announced.tracks.count, timeout: timeout, at: .now())
        var logger = context.logger
        logger[metadataKey: "stream"] = "\(lease.published.stream.path)"
        let (present, eventLoop) = (
            NIOLoopBoundBox<AnnounceSession?>(nil, eventLoop: context.eventLoop), context.eventLoop
        )
        intake = PublisherIntake(lease.published, announced, quiet: timeout, logger: logger) { reason in
            eventLoop.execute { present.value?.sourceEnded(reason) }
        }
        self.present = present
        present.value = self
        look(in: timeout)
    }

    // MARK: Requests

    func announcedAgain() -> SessionRefusal? {
        switch machine.announceReceived() {
        case .replace:
            finish(.announcedAnew)
            return nil
        case .refuse(let refusal):
            return refusal
        }
    }

    func setUp(_ scope: SessionScope, by request: RTSPRequest) -> EventLoopFuture<RTSPReply> {
        let track: Int
        switch scope {
        case .track(let index): track = index
        // The only track may go by the URL of the whole.
        case .aggregate where machine.trackCount == 1: track = 0
        case .aggregate: return context.answer(RTSPResponse(.aggregateOperationNotAllowed))
        }
        let alternatives = request.headers.transports.filter { !context.keepsMedia || $0.lower != .udp }
        switch machine.setupReceived(track: track, alternatives: alternatives) {
        case .accept(.interleaved(let channels)):
            intake.closePorts(of: track)
            return context.answer(setUpResponse(TransportSpecification(lower: .tcp, interleaved: channels)))
        case .accept(.datagrams(let client)):
            return openPorts(for: track, client: client)
        case .noSuchTrack:
            return context.answer(RTSPResponse(.notFound))
        case .refuse(let refusal):
            return context.answer(RTSPResponse(refusal))
        }
    }

    private func openPorts(for track: Int, client: PortPair?) -> EventLoopFuture<RTSPReply> {
        let promise = context.eventLoop.makePromise(of: RTSPReply.self)
        let opening = intake.openPorts(
            for: track, from: context.peer, sending: client, on: context.local, hoppingTo: context.eventLoop)
        opening.assumeIsolated().whenComplete {
            promise.assumeIsolated().succeed(self.answer($0, track: track, client: client))
        }
        return promise.futureResult
    }

    private func answer(_ ports: Result<PortPair, any Error>, track: Int, client: PortPair?) -> RTSPReply {
        switch ports {
        case .success(let ports):
            // The session may have ended meanwhile.
            guard !machine.transports.isEmpty else { return RTSPReply(.sessionNotFound) }
            return RTSPReply(
                setUpResponse(TransportSpecification(lower: .udp, clientPorts: client, serverPorts: ports)))
        case .failure(let error):
            machine.setupFailed(track: track)
            context.logger.warning("no UDP ports for a publisher", metadata: ["error": "\(error)"])
            return .unavailable
        }
    }

    private func setUpResponse(_ transport: TransportSpecification) -> RTSPResponse {
        if !isCounted {
            isCounted = true
            context.control.sessionBegan()
        }
        var transport = transport
        transport.mode = "record"
        var response = RTSPResponse(.ok)
        response.headers.add("Session", SessionHeader(id: identifier.rawValue, timeout: toldTimeout).serialized)
        response.headers.add("Transport", transport.serialized)
        return response
    }

    func record(_ scope: SessionScope) -> EventLoopFuture<RTSPReply> {
        switch machine.recordReceived(scope) {
        case .prepare(let transports):
            openChannels(transports)
            wasUsed = true
            let promise = context.eventLoop.makePromise(of: RTSPReply.self)
            let beginning = intake.begin(transports.keys.sorted(), hoppingTo: context.eventLoop)
            beginning.assumeIsolated().whenComplete { promise.assumeIsolated().succeed(self.recordAnswer($0)) }
            return promise.futureResult
        case .answerAgain:
            return context.answer(RTSPResponse(.ok, session: identifier))
        case .refuse(let refusal):
            return context.answer(RTSPResponse(refusal))
        }
    }

    private func recordAnswer(_ result: Result<Void, any Error>) -> RTSPReply {
        switch result {
        case .success:
            switch machine.recordPrepared() {
            case .answer: return RTSPReply(RTSPResponse(.ok, session: identifier))
            case .discard: return RTSPReply(.sessionNotFound)
            }
        case .failure(let error):
            machine.recordFailed()
            context.logger.notice("publisher refused", metadata: ["reason": "\(error)"])
            if case StreamError.alreadyPublished = error { return RTSPReply(.pathTaken) }
            return .unavailable
        }
    }

    /// The channels of this RECORD, and no others.
    private func openChannels(_ transports: [Int: RecordTransport]) {
        channels = ChannelTable()
        for (track, transport) in transports {
            guard case .interleaved(let pair) = transport else { continue }
            channels.add(pair.rtp, track: track, isControl: false)
            channels.add(pair.rtcp, track: track, isControl: true)
        }
    }

    func pause(_ scope: SessionScope) -> RTSPResponse {
        switch machine.pauseReceived(scope, at: .now()) {
        case .pause:
            handOver()
            intake.pause()
            return RTSPResponse(.ok, session: identifier)
        case .answer:
            return RTSPResponse(.ok, session: identifier)
        case .refuse(let refusal):
            return RTSPResponse(refusal)
        }
    }

    func tearDown(_ scope: SessionScope) -> RTSPResponse {
        switch machine.teardownReceived(scope) {
        case .end:
            finish(.teardown)
            return RTSPResponse(.ok)
        case .release(let track):
            intake.closePorts(of: track)
            return RTSPResponse(.ok, session: identifier)
        case .refuse(let refusal):
            return RTSPResponse(refusal)
        }
    }

    /// A request named the session.
    func noteActivity() {
        let now = NIODeadline.now()
        machine.activityNoted(at: now)
        intake.noteActivity(at: now)
    }

    // MARK: Packets

    /// `false` for a frame on a channel that is none of this session's.
    func take(_ frame: InterleavedFrame) -> Bool {
        guard let entry = channels[frame.channel] else { return false }
        guard machine.takesPackets else { return true }
        let arrival = arrived.last?.arrival ?? .now()
        arrived.append(
            ArrivedPacket(bytes: frame.payload, track: entry.track, isControl: entry.isControl, arrival: arrival))
        return true
    }

    /// What one read gave goes to the stream.
    func handOver() {
        guard !arrived.isEmpty else { return }
        let packets = arrived
        arrived = []
        intake.take(packets)
    }

    // MARK: The end

    func connectionClosed() {
        if machine.connectionClosed() == .end { finish(.connectionClosed) }
    }

    func serverStops() {
        if machine.sourceEnded() == .end { finish(.serverStops) }
    }

    /// By the reception's own judgement; what comes behind our own end is an echo.
    private func sourceEnded(_ reason: PublisherEnd) {
        if machine.sourceEnded() == .end { finish(reason) }
    }

    private func look(in delay: TimeAmount) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: delay) { [weak self] in self?.timedOut() }
    }

    private func timedOut() {
        timer = nil
        let now = NIODeadline.now()
        switch machine.timedOut(at: now) {
        case .wait(let deadline): look(in: deadline - now)
        case .end: finish(.idle)
        case .nothing: break
        }
    }

    private func finish(_ reason: PublisherEnd) {
        timer?.cancel()
        timer = nil
        handOver()
        intake.end(reason)
        lease.release(wasUsed: wasUsed)
        present.value = nil
        if isCounted { context.control.sessionEnded() }
        isCounted = false
        let onEnd = self.onEnd
        self.onEnd = nil
        onEnd?(reason)
    }
}

extension RTSPStatus {
    /// "Try again later" in the words of RTSP 1.0, with the real reason behind the number.
    static let pathTaken = RTSPStatus(code: 453, reason: "Another Publisher Has This Path")
}
