import RTSPTransport
import Reflector

/// The viewers of a `SharedDelivery` that take the same tracks as datagrams.
final class DatagramLane {
    /// By index in the stream, ascending.
    let tracks: [Int]
    let sockets: DatagramSocketPair
    /// Each seat has the addresses for RTP and for RTCP of each track, in turn.
    let fanout: DatagramFanout
    /// To each seat, since the lane was made.
    private(set) var sent = SentVolume()

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
            sent.add(packets: run.packets, bytes: run.length)
            fanout.send(
                burst.packets(of: run), segmentSize: run.packets > 1 ? run.segmentSize : nil,
                column: 2 * position + (run.isControl ? 1 : 0), control: run.isControl
            )
        }
        fanout.flush()
    }
}
