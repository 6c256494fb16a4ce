import Logging
import Media
import NIOCore
import RTP
import RTSP
import RTSPTransport
import Reflector

/// What comes in from one publisher, and its hold on the stream. Confined to the stream's home loop; one-shot.
final class PublisherReception {
    /// Before the first receiver report over UDP, and between them.
    private static let firstReport = TimeAmount.seconds(1)
    private static let reports = TimeAmount.seconds(5)

    private let published: PublishedStream
    private let announced: AnnouncedTracks
    /// How long a publisher of nothing that has to flow may give no sign of life.
    private let quiet: TimeAmount
    private let logger: Logger
    /// It ended by itself; called once, on the home loop.
    private let onEnd: @Sendable (PublisherEnd) -> Void
    private let synchronizationSource = UInt32.random(in: .min ... .max)
    private var pairs: [Int: UDPPortPair] = [:]
    private var publication: Publication?
    private var reception = SourceReception()
    /// The tracks that are published, by their places in `tracks`; what is not set up has none.
    private var places: [Int?] = []
    private var began = NIODeadline.uptimeNanoseconds(0)
    /// A request, or RTCP.
    private var lastSign = NIODeadline.uptimeNanoseconds(0)
    private var isEnded = false
    private var watchTimer: RepeatedTask?
    private var reportTimer: RepeatedTask?
    private var reorderTimer: Scheduled<Void>?

    init(
        _ published: PublishedStream, _ announced: AnnouncedTracks, quiet: TimeAmount, logger: Logger,
        onEnd: @escaping @Sendable (PublisherEnd) -> Void
    ) {
        self.published = published
        self.announced = announced
        self.quiet = quiet
        self.logger = logger
        self.onEnd = onEnd
    }

    /// Those that can be set up.
    private var tracks: [TrackDescription] { announced.tracks }
    private var eventLoop: any EventLoop { published.stream.homeLoop }

    // MARK: UDP

    /// Opens ports for a track that comes from `peer`, in place of those it had; the path stays closed until `begin`.
    func openPorts(
        for track: Int, from peer: SocketAddress, sending client: PortPair?, on local: SocketAddress
    ) -> EventLoopFuture<PortPair> {
        if let pair = pairs[track] {
            receive(on: pair, track: track, from: peer, sending: client)
            return eventLoop.makeSucceededFuture(pair.ports)
        }
        let promise = eventLoop.makePromise(of: PortPair.self)
        UDPPortPair.open(on: local, eventLoop: eventLoop).assumeIsolated().whenComplete { result in
            switch result {
            case .success(let pair) where self.isEnded || self.pairs[track] != nil:
                pair.value.close()
                promise.fail(ChannelError.alreadyClosed)
            case .success(let pair):
                self.pairs[track] = pair.value
                self.receive(on: pair.value, track: track, from: peer, sending: client)
                promise.succeed(pair.value.ports)
            case .failure(let error):
                promise.fail(error)
            }
        }
        return promise.futureResult
    }

    private func receive(on pair: UDPPortPair, track: Int, from peer: SocketAddress, sending client: PortPair?) {
        pair.receive(from: [peer], server: client) { [weak self] now in
            self?.readEnded(at: now)
        } receive: { [weak self] datagram, isControl, arrival in
            self?.receive(datagram, track: track, isControl: isControl, at: arrival)
        }
    }

    /// The track is not set up any more, or not over UDP.
    func closePorts(of track: Int) {
        pairs.removeValue(forKey: track)?.close()
    }

    // MARK: The stream

    /// RECORD: takes the stream for these of the tracks. Throws `StreamError`; may be called again after `pause()`.
    func begin(_ recorded: [Int], at now: NIODeadline) throws(StreamError) {
        guard !isEnded, publication == nil else { return }
        let descriptions = recorded.map { tracks[$0] }
        publication = try published.take(by: self, tracks: descriptions, via: announced.via)
        places = tracks.indices.map { recorded.firstIndex(of: $0) }
        reception = SourceReception(descriptions, reorders: !pairs.isEmpty)
        reception.watch = StallWatch(
            kinds: descriptions.map(\.kind), patience: published.configuration.timeout, since: now)
        began = now
        lastSign = now
        startTimers()
        let codecs = descriptions.map(\.primary.codec.description).joined(separator: ", ")
        let transport = pairs.isEmpty ? "tcp" : pairs.count == recorded.count ? "udp" : "tcp and udp"
        logger.info("publisher joined", metadata: ["codecs": "\(codecs)", "transport": "\(transport)"])
    }

    /// The publisher asked something about its session.
    func noteActivity(at now: NIODeadline) {
        lastSign = now
    }

    /// PAUSE: gives the stream back and keeps the ports.
    func pause() {
        leave("PAUSE")
    }

    /// Gives everything back; idempotent. A publisher that is not told by an answer hears of it by the end of its connection.
    func end(_ reason: PublisherEnd) {
        guard !isEnded else { return }
        isEnded = true
        leave(reason.description)
        for pair in pairs.values { pair.close() }
        onEnd(reason)
    }

    private func leave(_ reason: String) {
        watchTimer?.cancel()
        reportTimer?.cancel()
        reorderTimer?.cancel()
        reorderTimer = nil
        guard let leaving = publication else { return }
        publication = nil
        leaving.end()
        published.left(by: self)
        let counters = self.counters
        logger.info(
            "publisher left",
            metadata: [
                "reason": "\(reason)", "seconds": "\((NIODeadline.now() - began).nanoseconds / 1_000_000_000)",
                "packets": "\(counters.packets)", "lost": "\(counters.lost)",
                "unusable": "\(counters.malformed &+ counters.unknownPayloadTypes &+ counters.foreignDatagrams)",
            ]
        )
    }

    private var counters: IngestCounters {
        var counters = reception.counters
        for pair in pairs.values {
            counters.foreignDatagrams &+= pair.counters.foreign
            counters.truncatedDatagrams &+= pair.counters.truncated
        }
        return counters
    }

    // MARK: Packets

    /// What one read of the publisher's connection gave.
    func receive(_ packets: [ArrivedPacket]) {
        for packet in packets {
            receive(packet.bytes, track: packet.track, isControl: packet.isControl, at: packet.arrival)
        }
        readEnded(at: .now())
    }

    private func receive(_ bytes: ByteBuffer, track: Int, isControl: Bool, at arrival: NIODeadline) {
        guard let publication, places.indices.contains(track), let place = places[track] else { return }
        let came = reception.receive(bytes, track: place, isControl: isControl, at: arrival) {
            publication.receive($0, track: $1, at: $2)
        }
        guard case .control(let control) = came else { return }
        lastSign = arrival
        for report in control.senderReports { publication.receive(report, track: place, at: arrival) }
    }

    private func readEnded(at now: NIODeadline) {
        publication?.readEnded(at: now)
        if !pairs.isEmpty { scheduleReordering() }
    }

    // MARK: Time

    private func startTimers() {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let interval = TimeAmount.nanoseconds(
            min(1_000_000_000, max(10_000_000, published.configuration.timeout.nanoseconds / 10)))
        watchTimer = eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
            bound.value.watch(at: .now())
        }
        guard !pairs.isEmpty else { return }
        reportTimer = eventLoop.scheduleRepeatedTask(initialDelay: Self.firstReport, delay: Self.reports) { _ in
            bound.value.sendReports(at: .now())
        }
    }

    private func watch(at now: NIODeadline) {
        guard let watch = reception.watch else { return }
        if let verdict = watch.verdict(at: now) {
            end(PublisherEnd(verdict))
        } else if !watch.hasHeard, now - began >= published.configuration.timeout {
            end(.silent)
        } else if !watch.expectsMedia, now - max(lastSign, watch.lastArrival ?? began) >= quiet {
            // Events may be hours apart; but nobody is to hold a path for ever by one packet.
            end(.quiet)
        }
    }

    private func sendReports(at now: NIODeadline) {
        for (track, pair) in pairs {
            guard places.indices.contains(track), let place = places[track] else { continue }
            let blocks = reception.reportBlocks(of: place, at: now)
            guard !blocks.isEmpty else { continue }
            var packet = ByteBuffer()
            let report = ReceiverReport(ssrc: synchronizationSource, reports: blocks)
            RTCPCompound.write(report, cname: "heliograph", into: &packet)
            pair.sendControl(packet)
        }
    }

    private func scheduleReordering() {
        guard reorderTimer == nil, let deadline = reception.deadline else { return }
        reorderTimer = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
            self?.giveUpWaiting(at: .now())
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
