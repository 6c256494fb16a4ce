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

    func carry(_ burst: Burst, variants: BurstVariants) {
        lastBurst = burst
        if burst.startsGroup { lastGroupStart = burst }
        for index in interleaved.indices { interleaved[index].carry(variants) }
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
