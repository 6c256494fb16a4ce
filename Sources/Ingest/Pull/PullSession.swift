import Logging
import Media
import NIOCore
import RTP
import RTSP
import RTSPTransport
import Reflector

/// One conversation with a camera, and what it brings into the stream. Confined to the stream's home loop; one-shot.
final class PullSession: RTSPClientReceiver {
    /// How it ended, and for how long packets came before.
    struct End: Sendable {
        var error: PullError
        /// `nil` if no packet ever came.
        var livedFor: TimeAmount?
        var counters: IngestCounters
    }

    struct Request: Sendable {
        var url: RTSPURL
        var tls: ClientTLS
        /// Where a WebSocket is opened, if not at the stream's own path.
        var webSocketPath: String?
        var transport: TransportSpecification.LowerTransport
        var isMulticast = false
        var keepalive: PlayClientKeepalive
        /// For connection and answers.
        var timeout: TimeAmount
        var patience: PullPatience
    }

    /// One that is under way may still be answered.
    private static let mostMissedKeepalives = 3

    let ended: EventLoopFuture<End>
    private let stream: any PublishingPlace
    private let request: Request
    private let logger: Logger
    private let eventLoop: any EventLoop
    private let promise: EventLoopPromise<End>
    private let monitor: PullMonitor
    private let synchronizationSource = UInt32.random(in: .min ... .max)
    private var connection: RTSPClientConnection?
    private var publication: Publication?
    private var tracks: [PlayClientTrack] = []
    private var reception = SourceReception()
    private var error: PullError?
    private var playingSince: NIODeadline?
    private var watchTimer: RepeatedTask?
    private var reportTimer: RepeatedTask?
    private var reorderTimer: Scheduled<Void>?
    private var address = ""
    /// The relays that the stream comes through.
    private var via = RelayChain.direct

    init(
        stream: any PublishingPlace,
        request: Request,
        logger: Logger,
        monitor: PullMonitor
    ) {
        self.stream = stream
        self.request = request
        self.logger = logger
        self.monitor = monitor
        eventLoop = stream.homeLoop
        promise = eventLoop.makePromise()
        ended = promise.futureResult
    }

    /// Connects; completes when the connection stands or cannot be had, or takes so long that the other cameras should
    /// not have to wait for it: one that is switched off does not even refuse.
    func start() -> EventLoopFuture<Void> {
        var conversation = PlayClientStateMachine.Request(
            url: request.url,
            transport: request.transport,
            keepalive: request.keepalive,
            clientNonce: String(UInt64.random(in: .min ... .max), radix: 16)
        )
        conversation.isMulticast = request.isMulticast
        conversation.relay = stream.relay
        let connection = RTSPClientConnection(
            conversation,
            tls: request.tls,
            webSocketPath: request.webSocketPath,
            patience: .init(answer: request.timeout),
            receiver: self,
            on: eventLoop
        )
        self.connection = connection
        monitor.connectionBegan(over: request.transport)
        let settled = eventLoop.makePromise(of: Void.self)
        var isSettled = false
        let settle = {
            guard !isSettled else { return }
            isSettled = true
            settled.succeed()
        }
        let timer = eventLoop.assumeIsolated().scheduleTask(in: request.patience.connect, settle)
        connection.start().assumeIsolated().whenComplete { _ in
            timer.cancel()
            settle()
        }
        // Whoever cancels does not wait for a camera that does not answer.
        ended.assumeIsolated().whenComplete { _ in
            timer.cancel()
            settle()
        }
        return settled.futureResult
    }

    func stop() {
        giveUp(.cancelled)
    }

    /// Ends the session for a reason of ours; the camera is told.
    private func giveUp(_ error: PullError) {
        self.error = self.error ?? error
        connection?.stop()
    }

    // MARK: The connection's calls

    func connected(to peer: SocketAddress) {
        address = peer.unmapped.brief
        monitor.connected(to: address)
        logger.debug("connected", metadata: ["address": "\(address)"])
    }

    func comesThrough(_ relays: RelayChain) {
        via = relays
        stream.sourceIsAsked(through: relays)
    }

    func prepared(_ tracks: [PlayClientTrack]) {
        self.tracks = tracks
        reception = SourceReception(tracks.map(\.description), reorders: request.transport == .udp)
    }

    func playing(_ session: PlayClientSession) {
        let now = NIODeadline.now()
        playingSince = now
        for track in session.skipped where track.reason != .backChannel {
            logger.notice("track left out", metadata: ["track": "\(track)"])
        }
        publish(at: now)
        guard error == nil else { return }
        logger.debug("playing")
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        watchTimer = eventLoop.scheduleRepeatedTask(initialDelay: watchInterval, delay: watchInterval) { _ in
            bound.value.watchTracks(at: .now())
        }
        guard request.transport == .udp else { return }
        reportTimer = eventLoop.scheduleRepeatedTask(
            initialDelay: request.patience.firstReport,
            delay: request.patience.reports
        ) { _ in
            bound.value.sendReports(at: .now())
        }
    }

    func received(_ packet: ByteBuffer, track: Int, isControl: Bool, at arrival: NIODeadline) {
        guard let publication = publication ?? published(by: track, at: arrival) else { return }
        let came = reception.receive(packet, track: track, isControl: isControl, at: arrival) {
            publication.receive($0, track: $1, at: $2)
        }
        switch came {
        case .taken: break
        case .firstPacket: becameLive()
        case .control(let control):
            for report in control.senderReports { publication.receive(report, track: track, at: arrival) }
        }
    }

    /// Some cameras send before PLAY is answered (quirk F11).
    private func published(by track: Int, at arrival: NIODeadline) -> Publication? {
        guard tracks.indices.contains(track) else { return nil }
        publish(at: arrival)
        return publication
    }

    var awaitsRest: Bool { publication?.awaitsRest ?? false }

    func readEnded(at now: NIODeadline) {
        publication?.readEnded(at: now)
        if request.transport == .udp { scheduleReordering() }
    }

    func ended(_ end: RTSPClientEnd) {
        watchTimer?.cancel()
        reportTimer?.cancel()
        reorderTimer?.cancel()
        publication?.end()
        publication = nil
        let counters = self.counters
        connection = nil
        monitor.sessionEnded(counters)
        let livedFor = reception.firstArrival.map { NIODeadline.now() - $0 }
        promise.succeed(End(error: error ?? .connection(end), livedFor: livedFor, counters: counters))
    }

    var counters: IngestCounters {
        var counters = reception.counters
        if let connection {
            counters.strayFrames = connection.counters.strayFrames
            counters.discardedBytes = connection.counters.discardedBytes
            counters.foreignDatagrams = connection.counters.foreignDatagrams
            counters.truncatedDatagrams = connection.counters.truncatedDatagrams
        }
        return counters
    }

    // MARK: The stream

    /// At PLAY's answer, or at the first packet.
    private func publish(at now: NIODeadline) {
        guard publication == nil, error == nil else { return }
        reception.watch = StallWatch(
            kinds: tracks.map(\.description.kind), patience: request.patience.stall, since: now)
        do {
            publication = try stream.publish(tracks: tracks.map(\.description), by: "camera", via: via)
        } catch {
            giveUp(.stream(error))
        }
    }

    private func becameLive() {
        let codecs = tracks.map(\.description.primary.codec.description).joined(separator: ", ")
        logger.info(
            "camera up",
            metadata: [
                "codecs": "\(codecs)", "transport": "\(transportName)",
                "address": "\(address)",
            ]
        )
        monitor.entered(.live)
    }

    private var transportName: String {
        guard request.transport == .udp else {
            return switch request.url.scheme.carrier {
            case .direct: "tcp"
            case .httpTunnel: "http"
            case .webSocket: "websocket"
            }
        }
        let isGroup = tracks.contains { if case .group = $0.path { true } else { false } }
        return isGroup ? "multicast" : "udp"
    }

    // MARK: Time

    /// Often enough to add little to what is waited for.
    private var watchInterval: TimeAmount {
        .nanoseconds(max(10_000_000, min(request.patience.stall, request.patience.silence).nanoseconds / 10))
    }

    private func watchTracks(at now: NIODeadline) {
        monitor.counted(counters)
        guard let watch = reception.watch else { return }
        if request.transport == .udp, !watch.hasHeard, watch.expectsMedia, let playingSince,
            now - playingSince >= request.patience.silence
        {
            giveUp(.silent)
        } else if !watch.expectsMedia, let connection, connection.missedKeepalives > Self.mostMissedKeepalives {
            giveUp(.unresponsive)
        } else if let verdict = watch.verdict(at: now) {
            giveUp(PullError(verdict))
        }
    }

    /// Also to a camera that sends no reports itself (quirk F7).
    private func sendReports(at now: NIODeadline) {
        for index in tracks.indices {
            let blocks = reception.reportBlocks(of: index, at: now)
            guard !blocks.isEmpty else { continue }
            var packet = ByteBuffer()
            let report = ReceiverReport(ssrc: synchronizationSource, reports: blocks)
            RTCPCompound.write(report, cname: "heliograph", into: &packet)
            connection?.sendControl(packet, track: index)
        }
    }

    private func scheduleReordering() {
        guard reorderTimer == nil, let deadline = reception.deadline else { return }
        reorderTimer = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.giveUpWaiting(at: .now())
        }
    }

    private func giveUpWaiting(at now: NIODeadline) {
        reorderTimer = nil
        guard let publication else { return }
        reception.expired(at: now) { publication.receive($0, track: $1, at: $2) }
        publication.readEnded(at: now)
        scheduleReordering()
    }
}
