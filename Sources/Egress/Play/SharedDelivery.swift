import NIOCore
import RTSPTransport
import Reflector

/// Brings the bursts of one stream to all viewers of one loop that keep up, lane by lane (loop-confined).
///
/// A viewer that keeps up costs its system call and no more: what it was sent is known from what its lane has sent since it joined.
final class SharedDelivery: BurstCarrier {
    /// Whoever is carried has got everything up to this one, whether he was carried then or not.
    private(set) var lastBurst: Burst?
    private(set) var lastGroupStart: Burst?
    private var interleaved: [InterleavedLane] = []
    private var datagrams: [DatagramLane] = []

    /// `lastBurst` and `lastGroupStart` are those of the viewer it is made for.
    init(lastBurst: Burst?, lastGroupStart: Burst?) {
        self.lastBurst = lastBurst
        self.lastGroupStart = lastGroupStart
    }

    func carry(_ burst: Burst, variants: BurstVariants) {
        lastBurst = burst
        if burst.startsGroup { lastGroupStart = burst }
        for index in interleaved.indices { interleaved[index].carry(variants) }
        for index in datagrams.indices { datagrams[index].carry(variants) }
    }

    /// Comes with each viewer that joins: the one it was made for may know of an earlier group only, if it takes sound alone and has
    /// begun again amid a group.
    func learn(groupStart: Burst?) {
        guard let groupStart else { return }
        if lastGroupStart.map({ $0.arrival < groupStart.arrival }) ?? true { lastGroupStart = groupStart }
    }

    /// The lane of these channels, made for the first who asks.
    func lane(for channels: ChannelMap) -> InterleavedLane {
        if let known = interleaved.first(where: { $0.channels == channels }) { return known }
        // What viewers have not chosen again since is forgotten, or whoever tries every number would leave a lane each.
        interleaved.removeAll { $0.isEmpty }
        let lane = InterleavedLane(channels)
        interleaved.append(lane)
        return lane
    }

    /// The lane of these tracks and sockets, made for the first who asks.
    func lane(for tracks: [Int], over sockets: DatagramSocketPair) -> DatagramLane {
        if let known = datagrams.first(where: { $0.tracks == tracks && $0.sockets === sockets }) { return known }
        datagrams.removeAll { $0.isEmpty }
        let lane = DatagramLane(tracks, over: sockets)
        datagrams.append(lane)
        return lane
    }
}

/// The viewers of a `SharedDelivery` that take the same tracks on the same channels of their connections.
final class InterleavedLane {
    let channels: ChannelMap
    let fanout = InterleavedFanout()
    /// RTP and RTCP packets sent to each seat since the lane was made.
    private(set) var packets: UInt64 = 0
    /// Framed bytes sent to each seat since the lane was made.
    private(set) var bytes: UInt64 = 0

    init(_ channels: ChannelMap) {
        self.channels = channels
    }

    var isEmpty: Bool { fanout.count == 0 }

    func carry(_ variants: BurstVariants) {
        guard !isEmpty else { return }
        let framed = variants.framed(for: channels)
        guard framed.packets > 0 else { return }
        packets &+= UInt64(framed.packets)
        bytes &+= UInt64(framed.bytes.readableBytes)
        fanout.send(framed.bytes)
    }
}

/// The viewers of a `SharedDelivery` that take the same tracks as datagrams.
final class DatagramLane {
    /// By index in the stream, ascending.
    let tracks: [Int]
    let sockets: DatagramSocketPair
    /// Each seat has the addresses for RTP and for RTCP of each track, in turn.
    let fanout: DatagramFanout
    /// RTP and RTCP packets sent to each seat since the lane was made.
    private(set) var packets: UInt64 = 0
    /// Bytes of those packets.
    private(set) var bytes: UInt64 = 0

    init(_ tracks: [Int], over sockets: DatagramSocketPair) {
        self.tracks = tracks
        self.sockets = sockets
        fanout = DatagramFanout(sockets: sockets, width: 2 * tracks.count)
    }

    var isEmpty: Bool { fanout.count == 0 }

    func carry(_ variants: BurstVariants) {
        guard !isEmpty else { return }
        let burst = variants.datagramBurst()
        for index in burst.runs.indices {
            let run = burst.runs[index]
            guard let position = tracks.firstIndex(of: run.track) else { continue }
            packets &+= UInt64(run.packets)
            bytes &+= UInt64(run.length)
            fanout.send(
                burst.packets(of: run), segmentSize: run.packets > 1 ? run.segmentSize : nil,
                column: 2 * position + (run.isControl ? 1 : 0), control: run.isControl
            )
        }
        fanout.flush()
    }
}
