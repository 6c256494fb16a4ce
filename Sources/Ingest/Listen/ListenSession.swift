import Logging
import Media
import NIOCore
import RTP
import RTSPTransport
import Reflector

/// Open ports, and what comes to them: none, one or several receptions one after the other. Confined to the stream's home loop.
final class ListenSession {
    private let plan: ListenPlan
    private let stream: any PublishingPlace
    private let patience: ListenPatience
    private let wallClock: @Sendable () -> Double
    private let logger: Logger
    private let eventLoop: any EventLoop
    private var pairs: [UDPPortPair] = []
    private var reception: (any ListenReception)?
    private var watchTimer: RepeatedTask?
    /// Told once, for the same sender may send it for hours.
    private var told: ListenError?
    /// Of each track, as the reception heard it first.
    private var senders: [SocketAddress?] = []
    /// The track that has to come: the first video, or else the first.
    private let lead: Int
    /// Of the leading track.
    private var lastArrival: NIODeadline?

    private init(
        _ plan: ListenPlan, stream: any PublishingPlace, patience: ListenPatience,
        wallClock: @escaping @Sendable () -> Double,
        logger: Logger
    ) {
        self.plan = plan
        self.stream = stream
        self.patience = patience
        self.wallClock = wallClock
        self.logger = logger
        eventLoop = stream.homeLoop
        if case .tracks(let tracks) = plan.content {
            lead = tracks.firstIndex { $0.kind == .video } ?? 0
        } else {
            lead = 0
        }
    }

    /// Opens all ports of a plan, or none; fails with `ListeningError`. On the stream's home loop.
    static func open(
        _ plan: ListenPlan, stream: any PublishingPlace, patience: ListenPatience,
        wallClock: @escaping @Sendable () -> Double,
        logger: Logger
    ) -> EventLoopFuture<NIOLoopBound<ListenSession>> {
        let opening = plan.points.map { UDPPortPair.open(at: $0, eventLoop: stream.homeLoop) }
        return EventLoopFuture.whenAllComplete(opening, on: stream.homeLoop).flatMapThrowing { results in
            let pairs = results.compactMap { try? $0.get().value }
            do {
                for result in results { _ = try result.get() }
            } catch {
                for pair in pairs { pair.close() }
                throw error
            }
            let session = ListenSession(
                plan, stream: stream, patience: patience, wallClock: wallClock, logger: logger)
            session.start(pairs)
            return NIOLoopBound(session, eventLoop: stream.homeLoop)
        }
    }

    private func start(_ pairs: [UDPPortPair]) {
        self.pairs = pairs
        for (track, pair) in pairs.enumerated() {
            pair.listen(to: plan.points[track].sources, silence: patience.takeover) { datagram, source, arrival in
                self.admits(datagram, from: source, track: track, at: arrival)
            } readEnded: { now in
                self.reception?.readEnded(at: now)
            } receive: { datagram, isControl, arrival in
                self.received(datagram, track: track, isControl: isControl, at: arrival)
            }
        }
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let interval = TimeAmount.nanoseconds(max(10_000_000, patience.stall.nanoseconds / 10))
        watchTimer = eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
            bound.value.watch(at: .now())
        }
    }

    /// Closes the ports; idempotent.
    func stop() {
        watchTimer?.cancel()
        endReception(because: nil)
        for pair in pairs { pair.close() }
        pairs = []
    }

    private func received(_ datagram: ByteBuffer, track: Int, isControl: Bool, at arrival: NIODeadline) {
        if !isControl {
            if reception != nil, !isKnown(pairs[track].sender, of: track) { senderChanged(track: track, at: arrival) }
            if track == lead { lastArrival = arrival }
        }
        guard let reception = reception ?? begin(datagram, track: track, isControl: isControl, at: arrival) else {
            return
        }
        reception.receive(datagram, track: track, isControl: isControl, at: arrival)
    }

    private func isKnown(_ sender: SocketAddress?, of track: Int) -> Bool {
        if senders[track] == nil { senders[track] = sender }
        return senders[track] == sender
    }

    /// A source that starts anew does so with all its tracks; none of the new ones is to fall into the old reception. Where the leading
    /// track flows, the one that was silent is merely sent from another port now.
    private func senderChanged(track: Int, at arrival: NIODeadline) {
        logger.notice("sender changed")
        guard track == lead || isSilent(at: arrival) else {
            senders[track] = pairs[track].sender
            return
        }
        endReception(because: nil)
        for (other, pair) in pairs.enumerated() where other != track { pair.forgetSender() }
    }

    /// Whether the source as a whole is silent: its leading track.
    func isSilent(at now: NIODeadline) -> Bool {
        guard reception != nil, let lastArrival else { return true }
        return now - lastArrival >= patience.takeover
    }

    /// Whether RTP from a sender that was not heard on this track may be what is listened for: it is of the track, and the source
    /// as a whole is silent, or sends the leading track from this host; where the hosts are told, any of them may begin a track.
    private func admits(
        _ datagram: ByteBuffer, from source: SocketAddress, track: Int, at arrival: NIODeadline
    ) -> Bool {
        guard isValid(datagram, of: track) else { return false }
        guard !isSilent(at: arrival), senders.indices.contains(track) else { return true }
        if senders[track] == nil, !plan.points[track].sources.isEmpty { return true }
        return track != lead && pairs[lead].sender?.unmapped.ipAddress == source.unmapped.ipAddress
    }

    private func isValid(_ datagram: ByteBuffer, of track: Int) -> Bool {
        if case .transportStream = plan.content { return TransportStreamDatagram(datagram) != nil }
        guard let packet = try? RTPPacket(validating: datagram), !RTPPacket.looksLikeRTCP(datagram) else {
            return false
        }
        guard case .tracks(let tracks) = plan.content else { return true }
        return tracks[track].format(of: packet.payloadType) != nil
    }

    // MARK: Receptions

    /// A packet of the leading track begins one.
    private func begin(
        _ datagram: ByteBuffer, track: Int, isControl: Bool, at arrival: NIODeadline
    ) -> (any ListenReception)? {
        guard !isControl, track == lead, isValid(datagram, of: track) else { return nil }
        do throws(ListenError) {
            reception = try makeReception(datagram, at: arrival)
        } catch {
            pairs[track].forgetSender()
            tell(error)
        }
        senders = Array(repeating: nil, count: pairs.count)
        return reception
    }

    private func makeReception(
        _ datagram: ByteBuffer, at arrival: NIODeadline
    ) throws(ListenError) -> (any ListenReception)? {
        switch plan.content {
        case .transportStream:
            return programReception(at: arrival)
        case .tracks(let tracks):
            return try packetReception(tracks, at: arrival)
        case .undescribed:
            guard let packet = try? RTPPacket(validating: datagram) else { return nil }
            if TransportStreamDatagram(datagram) != nil { return programReception(at: arrival) }
            guard let track = TrackDescription(staticPayloadType: packet.payloadType) else {
                throw .needsDescription(payloadType: packet.payloadType)
            }
            return try packetReception([track], at: arrival)
        }
    }

    private func packetReception(
        _ tracks: [TrackDescription], at arrival: NIODeadline
    ) throws(ListenError) -> PacketReception {
        do {
            let publication = try stream.publish(tracks: tracks, by: "listener")
            tellLive(tracks)
            return PacketReception(
                tracks, publication: publication, stall: patience.stall, on: eventLoop, since: arrival)
        } catch {
            throw .stream(error)
        }
    }

    private func programReception(at arrival: NIODeadline) -> ProgramReception {
        ProgramReception(patience: patience, wallClock: wallClock, on: eventLoop, since: arrival) {
            [stream, weak self] tracks, leftOut throws(StreamError) in
            for name in leftOut { self?.logger.notice("track left out", metadata: ["track": "\(name)"]) }
            let publication = try stream.publish(tracks: tracks, by: "listener")
            self?.tellLive(tracks)
            return publication
        }
    }

    private func endReception(because error: ListenError?) {
        guard let ending = reception else { return }
        reception = nil
        ending.end()
        guard let error else { return }
        var counters = ending.counters
        // Who sends nothing of use must not keep out who would.
        for pair in pairs { pair.forgetSender() }
        for pair in pairs { counters.foreignDatagrams &+= pair.counters.foreign }
        tell(
            error,
            [
                "lost": "\(counters.lost)", "malformed": "\(counters.malformed)",
                "foreign": "\(counters.foreignDatagrams)",
            ])
    }

    private func watch(at now: NIODeadline) {
        guard let error = reception?.verdict(at: now) else { return }
        endReception(because: error)
    }

    // MARK: Telling

    private func tellLive(_ tracks: [TrackDescription]) {
        told = nil
        let codecs = tracks.map(\.primary.codec.description).joined(separator: ", ")
        let address = pairs[lead].sender?.unmapped.ipAddress ?? ""
        logger.info("camera up", metadata: ["codecs": "\(codecs)", "address": "\(address)"])
    }

    private func tell(_ error: ListenError, _ metadata: Logger.Metadata = [:]) {
        guard told != error else { return }
        // Of one payload type after the other there may be thousands a second.
        if case .needsDescription = told, case .needsDescription = error { return }
        told = error
        stream.isDown(because: "\(error)")
        logger.warning("camera down", metadata: metadata.merging(["reason": "\(error)"]) { $1 })
    }
}

extension TrackDescription {
    /// A track of a payload type that tells its codec by itself (RFC 3551 §6); `nil` for any other.
    init?(staticPayloadType payloadType: UInt8) {
        guard let known = StaticPayloadType(payloadType) else { return nil }
        // The table tells channels of sound; MPEG audio is sound on the clock of pictures.
        let isAudio = known.channels != nil || known.encodingName == "MPA"
        self.init(
            kind: isAudio ? .audio : .video,
            formats: [
                TrackFormat(
                    payloadType: payloadType, codec: Codec(encodingName: known.encodingName),
                    encodingName: known.encodingName, clockRate: known.clockRate, channels: known.channels
                )
            ]
        )
    }
}
