import Logging
import Media
import NIOCore
import RTP
import RTSP
import RTSPTransport
import Reflector

/// One conversation with a server, and what goes to it of the stream. Confined to the stream's home loop; one-shot.
final class PushSession: RTSPRecordSource {
    /// How it ended, and for how long packets flowed before.
    struct End: Sendable {
        var error: PushError
        /// `nil` if none was ever sent.
        var livedFor: TimeAmount?
    }

    struct Request: Sendable {
        var url: RTSPURL
        var tls: ClientTLS
        var transport: TransportSpecification.LowerTransport
        /// For connection and answers.
        var timeout: TimeAmount
    }

    /// One that is under way may still be answered.
    private static let mostMissedKeepalives = 3
    private static let watchInterval = TimeAmount.seconds(1)
    /// A server that is gone does not even refuse: the others in line do not wait for it.
    private static let connectPatience = TimeAmount.seconds(1)

    let ended: EventLoopFuture<End>
    private let stream: Stream
    private let snapshot: StreamSnapshot
    private let request: Request
    private let monitor: PushMonitor
    private let logger: Logger
    private let eventLoop: any EventLoop
    private let promise: EventLoopPromise<End>
    private var connection: RTSPRecordConnection?
    private var delivery: StreamDelivery?
    private var reception = ReceptionSummary()
    private var error: PushError?
    private var liveSince: NIODeadline?
    private var watchTimer: RepeatedTask?
    private var address = ""

    init(stream: Stream, snapshot: StreamSnapshot, request: Request, monitor: PushMonitor, logger: Logger) {
        self.stream = stream
        self.snapshot = snapshot
        self.request = request
        self.monitor = monitor
        self.logger = logger
        eventLoop = stream.homeLoop
        promise = eventLoop.makePromise()
        ended = promise.futureResult
    }

    /// Connects; completes when the connection stands or cannot be had, or takes so long that others should not have to wait.
    func start() -> EventLoopFuture<Void> {
        let conversation = RecordClientStateMachine.Request(
            url: request.url,
            transport: request.transport,
            via: snapshot.via.through(stream.relay),
            clientNonce: String(UInt64.random(in: .min ... .max), radix: 16)
        )
        let connection = RTSPRecordConnection(
            conversation, tls: request.tls, patience: .init(answer: request.timeout), source: self, on: eventLoop)
        self.connection = connection
        let settled = eventLoop.makePromise(of: Void.self)
        var isSettled = false
        let settle = {
            guard !isSettled else { return }
            isSettled = true
            settled.succeed()
        }
        let timer = eventLoop.assumeIsolated().scheduleTask(in: Self.connectPatience, settle)
        let over = {
            timer.cancel()
            settle()
        }
        connection.start().assumeIsolated().whenComplete { _ in over() }
        ended.assumeIsolated().whenComplete { _ in over() }
        return settled.futureResult
    }

    /// The server is told by BYE and TEARDOWN.
    func stop() {
        giveUp(.cancelled)
    }

    private func giveUp(_ error: PushError) {
        self.error = self.error ?? error
        delivery?.end(goodbye: true)
        connection?.stop()
    }

    // MARK: The connection's calls

    func connected(to peer: SocketAddress, from local: SocketAddress) -> SessionDescription {
        address = peer.unmapped.brief
        monitor.connected(to: address)
        logger.debug("connected", metadata: ["address": "\(address)"])
        return snapshot.sessionDescription(from: local.unmapped.ipAddress ?? "0.0.0.0")
    }

    func recording(_ session: RecordClientSession, over paths: RTSPRecordPaths) {
        for track in session.skipped { logger.notice("track left out", metadata: ["track": "\(track)"]) }
        var routes: [Int: DeliveryRoute] = [:]
        for track in session.tracks {
            // The description has the tracks in the order of the stream.
            switch track.path {
            case .interleaved(let channels):
                routes[track.index] = .interleaved(channels)
            case .datagrams(_, let ports):
                routes[track.index] = .datagrams(rtp: paths.server.at(ports.rtp), rtcp: paths.server.at(ports.rtcp))
            }
        }
        let delivery = StreamDelivery(
            stream: stream, tracks: snapshot.tracks, routes: routes, writer: paths.writer,
            datagrams: paths.sockets.isEmpty ? nil : .own(paths.sockets), via: snapshot.via, eventLoop: eventLoop
        )
        self.delivery = delivery
        delivery.onEnd = { [weak self] in self?.giveUp(.streamChanged) }
        // Before anything is sent: within that the session may end.
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        watchTimer = eventLoop.scheduleRepeatedTask(initialDelay: Self.watchInterval, delay: Self.watchInterval) { _ in
            bound.value.watch()
        }
        delivery.prepare().assumeIsolated().whenSuccess { _ in self.begin(delivery, routes) }
    }

    private func begin(_ delivery: StreamDelivery, _ routes: [Int: DeliveryRoute]) {
        guard error == nil, self.delivery === delivery else { return }
        liveSince = .now()
        monitor.entered(.live)
        let codecs = snapshot.tracks.filter { routes[$0.index] != nil }.map(\.description.primary.codec.description)
        logger.info(
            "push started",
            metadata: [
                "codecs": "\(codecs.joined(separator: ", "))",
                "transport": "\(request.transport == .udp ? "udp" : "tcp")",
                "address": "\(address)",
            ])
        // Last, for a server that is gone already is noticed by the first packets.
        delivery.begin()
    }

    func received(_ report: ByteBuffer, track: Int) {
        for packet in RTCPPacket.parseCompound(report) {
            switch packet {
            case .receiverReport(let report): note(report.reports)
            case .senderReport(let report): note(report.reports)
            case .goodbye: giveUp(.goodbye)
            case .sourceDescription, .other: break
            }
        }
    }

    private func note(_ blocks: [ReportBlock]) {
        let delivery = delivery
        reception.note(blocks, about: snapshot.tracks, at: .now()) { delivery?.reportSent($0, of: $1) }
    }

    func ended(_ end: RTSPRecordEnd) {
        watchTimer?.cancel()
        watchTimer = nil
        delivery?.end(goodbye: false)
        let counters = delivery?.counters ?? DeliveryCounters()
        delivery = nil
        connection = nil
        monitor.sessionEnded(counters)
        let error = self.error ?? .connection(end)
        let livedFor = liveSince.map { NIODeadline.now() - $0 }
        if let livedFor { logEnd(error, counters, livedFor) }
        promise.succeed(End(error: error, livedFor: livedFor))
    }

    private func logEnd(_ error: PushError, _ counters: DeliveryCounters, _ livedFor: TimeAmount) {
        var metadata: Logger.Metadata = [
            "reason": "\(error)", "seconds": "\(livedFor.nanoseconds / 1_000_000_000)",
            "packets": "\(counters.packets)", "bytes": "\(counters.bytes)", "skipped_groups": "\(counters.skips)",
        ]
        metadata.merge(reception.metadata) { own, _ in own }
        logger.info("push ended", metadata: metadata)
    }

    // MARK: Time

    private func watch() {
        if let delivery { monitor.counted(delivery.counters) }
        if let connection, connection.missedKeepalives > Self.mostMissedKeepalives { giveUp(.unresponsive) }
    }
}
