import LibAV
import Media
import NIOCore
import RTP
import Reflector

/// One life of a transport stream that is sent here. Confined to the stream's home loop.
final class ProgramReception: ListenReception {
    typealias Publish = ([TrackDescription], _ leftOut: [String]) throws(StreamError) -> Publication

    /// Between sender reports, which tie sound and picture together.
    private static let reportInterval = TimeAmount.seconds(1)

    private let patience: ListenPatience
    private let wallClock: @Sendable () -> Double
    private let publish: Publish
    private let begin: NIODeadline
    private var demuxer: TransportStreamDemuxer?
    private var carriers: TrackReceiver?
    private var tracks = TransportStreamTracks()
    private var maps = ProgramMaps()
    private var publication: Publication?
    private var watch: StallWatch?
    private var failure: ListenError?
    private var counted = IngestCounters()
    private var knownSince: NIODeadline?
    private var lastArrival: NIODeadline
    private var moment = StreamMoment()
    private var lastReport: NIODeadline?

    init(
        patience: ListenPatience, wallClock: @escaping @Sendable () -> Double, on eventLoop: any EventLoop,
        since begin: NIODeadline, publish: @escaping Publish
    ) {
        self.patience = patience
        self.wallClock = wallClock
        self.publish = publish
        self.begin = begin
        lastArrival = begin
        let reached = NIOLoopBoundBox<ProgramReception?>.makeEmptyBox(
            valueType: ProgramReception.self, eventLoop: eventLoop)
        told = reached
        demuxer = TransportStreamDemuxer { event in
            eventLoop.execute { reached.value?.receive(event, at: .now()) }
        }
        reached.value = self
    }

    /// What the thread reaches this through; emptied at the end.
    private let told: NIOLoopBoundBox<ProgramReception?>

    func receive(_ datagram: ByteBuffer, track: Int, isControl: Bool, at arrival: NIODeadline) {
        guard !isControl else { return }
        guard let stream = TransportStreamDatagram(datagram) else {
            counted.malformed &+= 1
            return
        }
        lastArrival = arrival
        guard let packet = stream.carrier else { return feed(stream.bytes) }
        if carriers == nil { carriers = TrackReceiver(.transportStream(packet.payloadType), reorders: true) }
        carriers?.receive(packet, at: arrival) { packet, _ in feed(packet.payload) }
    }

    private func feed(_ packets: ByteBuffer) {
        if maps.changed(by: packets) { failure = failure ?? .changed }
        if demuxer?.feed(packets) == false { counted.lost &+= 1 }
    }

    func readEnded(at now: NIODeadline) {
        carriers?.expired(at: now) { packet, _ in feed(packet.payload) }
    }

    func verdict(at now: NIODeadline) -> ListenError? {
        carriers?.expired(at: now) { packet, _ in feed(packet.payload) }
        if let failure { return failure }
        if publication == nil { settle(at: now) }
        if now - lastArrival >= patience.stall { return .lost(.stalled(.video)) }
        let bound = tracks.isEmpty ? max(patience.sense, patience.stall) : patience.picture
        if publication == nil, now - begin >= bound { return .noProgram(leftOut: tracks.leftOut) }
        return failure ?? watch?.verdict(at: now).map { .lost($0) }
    }

    func end() {
        told.value = nil
        demuxer?.close()
        demuxer = nil
        publication?.end()
        publication = nil
    }

    var counters: IngestCounters {
        var counters = counted + (carriers?.counters ?? IngestCounters())
        counters.malformed &+= tracks.malformed
        return counters
    }

    // MARK: What the thread tells

    private func receive(_ event: TransportStreamDemuxer.Event, at now: NIODeadline) {
        switch event {
        case .stream(.program(let codecs)):
            if publication == nil { tracks.announced(codecs) }
        case .stream(.unit(let unit)) where publication == nil:
            tracks.learn(unit)
            if knownSince == nil, tracks.knowsAny, tracks.knowsPicture { knownSince = now }
            if tracks.isKnown { settle(at: now) }
        case .stream(.unit(let unit)):
            pass(unit, at: now)
        case .ended(let error):
            failure = failure ?? .unusable(error?.description ?? "no thread to read it; check the limits of the system")
        }
    }

    /// All tracks are known, or those that are not have had their time.
    private func settle(at now: NIODeadline) {
        let isTime = knownSince.map { now - $0 >= patience.program } ?? (now - begin >= patience.picture)
        guard failure == nil, tracks.knowsAny, tracks.isKnown || isTime else { return }
        let (descriptions, units) = tracks.settle()
        do throws(StreamError) {
            publication = try publish(descriptions, tracks.leftOut)
        } catch {
            failure = .stream(error)
            return
        }
        watch = StallWatch(kinds: descriptions.map(\.kind), patience: patience.stall, since: now)
        for unit in units { pass(unit, at: now) }
    }

    private func pass(_ unit: TransportStreamReader.Unit, at now: NIODeadline) {
        guard let publication else { return }
        let result = tracks.packetize(unit) { packet, track in
            counted.packets &+= 1
            watch?.received(track: track, at: now)
            publication.receive(packet, track: track, at: now)
        }
        if case .changed = result { failure = .changed }
        if lastReport.map({ now - $0 >= Self.reportInterval }) ?? true { report(at: now) }
        publication.readEnded(at: now)
    }

    private func report(at now: NIODeadline) {
        guard let time = tracks.newest else { return }
        lastReport = now
        let told = moment.seconds(of: time, wallClock: wallClock())
        for (track, report) in tracks.reports(of: time, at: told).enumerated() {
            publication?.receive(report, track: track, at: now)
        }
    }
}

extension TrackDescription {
    /// MPEG-TS in RTP (RFC 2250 §2).
    fileprivate static func transportStream(_ payloadType: UInt8) -> TrackDescription {
        let format = TrackFormat(payloadType: payloadType, codec: .other("MP2T"), clockRate: 90_000)
        return TrackDescription(kind: .video, formats: [format])
    }
}
