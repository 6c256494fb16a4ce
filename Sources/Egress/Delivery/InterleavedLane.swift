import RTSPTransport
import Reflector

/// The viewers of a `SharedDelivery` that take the same tracks on the same channels of their connections.
final class InterleavedLane {
    let channels: ChannelMap
    let fanout = InterleavedFanout()
    /// To each seat, since the lane was made.
    private(set) var sent = SentVolume()

    init(_ channels: ChannelMap) {
        self.channels = channels
    }

    var isEmpty: Bool { fanout.count == 0 }

    func carry(_ variants: BurstVariants) {
        guard !isEmpty else { return }
        let framed = variants.framed(for: channels)
        guard framed.packets > 0 else { return }
        sent.add(packets: framed.packets, bytes: framed.bytes.readableBytes)
        fanout.send(framed.bytes)
    }
}
