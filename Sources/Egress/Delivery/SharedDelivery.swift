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
