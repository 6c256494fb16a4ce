import Media
import NIOCore
import RTP
import RTSP

/// What comes in from one source, all tracks of it: told apart, counted and watched.
///
/// One value, so that a packet costs its owner one access.
struct SourceReception {
    /// What came.
    enum Arrival {
        /// Nothing of which more is to be done.
        case taken
        /// The first packet of the source that could be used.
        case firstPacket
        case control(TrackReceiver.ControlReception)
    }

    private var receivers: [TrackReceiver]
    /// Which track takes a payload type that only one has, for packets that come on another's channel.
    private var owners: [UInt8: Int] = [:]
    private var malformed: UInt64 = 0
    /// Begins with the publication.
    var watch: StallWatch?
    private(set) var firstArrival: NIODeadline?

    /// `reorders` is for datagrams; what comes over TCP is in order.
    init(_ descriptions: [TrackDescription] = [], reorders: Bool = false) {
        receivers = descriptions.map { TrackReceiver($0, reorders: reorders) }
        let payloadTypes = descriptions.flatMap { $0.formats.map(\.payloadType) }
        for (index, description) in descriptions.enumerated() {
            for format in description.formats where payloadTypes.count(where: { $0 == format.payloadType }) == 1 {
                owners[format.payloadType] = index
            }
        }
    }

    var trackCount: Int { receivers.count }

    /// Takes what came for a track; packets in order now are delivered, each with its track.
    mutating func receive(
        _ bytes: ByteBuffer, track: Int, isControl: Bool, at arrival: NIODeadline,
        deliver: (RTPPacket, Int, NIODeadline) -> Void
    ) -> Arrival {
        guard receivers.indices.contains(track) else { return .taken }
        // The first question copies nothing of the receiver, and the answer is nearly always no.
        if RTPPacket.looksLikeRTCP(bytes), receivers[track].isControl(bytes, cameOnControl: isControl) {
            let control = receivers[track].receiveControl(bytes, at: arrival)
            if control.isGoodbye { watch?.saidGoodbye(track: track, at: arrival) }
            return .control(control)
        }
        guard let packet = try? RTPPacket(validating: bytes) else {
            malformed &+= 1
            return .taken
        }
        let index =
            receivers[track].takes(payloadType: packet.payloadType) ? track : owners[packet.payloadType] ?? track
        receivers[index].receive(packet, at: arrival) { packet, arrival in deliver(packet, index, arrival) }
        guard receivers[index].lastArrival == arrival else { return .taken }
        watch?.received(track: index, at: arrival)
        guard firstArrival == nil else { return .taken }
        firstArrival = arrival
        return .firstPacket
    }

    /// When `expired(at:)` has to be called; `nil` while no packet waits for one before it.
    var deadline: NIODeadline? { receivers.lazy.compactMap(\.deadline).min() }

    /// Gives up the packets that were waited for long enough (quirk H4).
    mutating func expired(at now: NIODeadline, deliver: (RTPPacket, Int, NIODeadline) -> Void) {
        for index in receivers.indices {
            receivers[index].expired(at: now) { packet, arrival in deliver(packet, index, arrival) }
        }
    }

    /// The blocks of the next receiver report of a track: one for each source heard.
    mutating func reportBlocks(of track: Int, at now: NIODeadline) -> [ReportBlock] {
        receivers[track].reportBlocks(at: now)
    }

    /// What all tracks passed on, dropped and lost so far.
    var counters: IngestCounters {
        var counters = receivers.map(\.counters).reduce(IngestCounters(), +)
        counters.malformed &+= malformed
        return counters
    }
}
