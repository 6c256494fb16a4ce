import Media
import NIOCore
import RTP
import Reflector

/// One life of a source that sends by itself: from its first packet until it falls silent. Confined to the stream's home loop.
protocol ListenReception: AnyObject {
    func receive(_ datagram: ByteBuffer, track: Int, isControl: Bool, at arrival: NIODeadline)
    /// One read cycle of one socket is over.
    func readEnded(at now: NIODeadline)
    /// Why it is to be ended, if it is; asked some times a second.
    func verdict(at now: NIODeadline) -> ListenError?
    func end()
    var counters: IngestCounters { get }
}

/// RTP as a description has it.
final class PacketReception: ListenReception {
    private let publication: Publication
    private let eventLoop: any EventLoop
    private var reception: SourceReception
    private var reorderTimer: Scheduled<Void>?

    init(
        _ tracks: [TrackDescription], publication: Publication, stall: TimeAmount, on eventLoop: any EventLoop,
        since begin: NIODeadline
    ) {
        self.publication = publication
        self.eventLoop = eventLoop
        reception = SourceReception(tracks, reorders: true)
        reception.watch = StallWatch(kinds: tracks.map(\.kind), patience: stall, since: begin)
    }

    func receive(_ datagram: ByteBuffer, track: Int, isControl: Bool, at arrival: NIODeadline) {
        let came = reception.receive(datagram, track: track, isControl: isControl, at: arrival) {
            publication.receive($0, track: $1, at: $2)
        }
        guard case .control(let control) = came else { return }
        for report in control.senderReports { publication.receive(report, track: track, at: arrival) }
    }

    func readEnded(at now: NIODeadline) {
        publication.readEnded(at: now)
        scheduleReordering()
    }

    func verdict(at now: NIODeadline) -> ListenError? {
        reception.watch?.verdict(at: now).map { .lost($0) }
    }

    func end() {
        reorderTimer?.cancel()
        publication.end()
    }

    var counters: IngestCounters { reception.counters }

    private func scheduleReordering() {
        guard reorderTimer == nil, !publication.isEnded, let deadline = reception.deadline else { return }
        reorderTimer = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.reorderTimer = nil
            let now = NIODeadline.now()
            self.reception.expired(at: now) { self.publication.receive($0, track: $1, at: $2) }
            self.readEnded(at: now)
        }
    }
}
