import NIOCore
import RTSPTransport
import Reflector

/// The tracks of a viewer that go out as datagrams.
///
/// What a viewer starts with is paced, so that a group of pictures at once does not overrun its socket; live bursts go out as they come.
/// While they have to wait for the start, the pace is that of the stream and some more, or a fast one would never be caught up with.
final class DatagramPath {
    private struct Destination {
        let rtp: DatagramDestination
        let rtcp: DatagramDestination
        /// Where they leave from.
        let sockets: DatagramSocketPair
    }

    /// The default receive buffer of Linux (208 KiB) holds some 90 full datagrams: a quarter of it every few milliseconds
    /// leaves a viewer time to read, and is still ten times what a camera sends.
    private static let pacedPackets = 24
    private static let pace = TimeAmount.milliseconds(5)

    /// Those of all viewers of the loop; `nil` where each track leaves from its own.
    let shared: DatagramSocketPair?
    private let destinations: [Destination?]
    private let eventLoop: any EventLoop
    private var pacing: Pacing?
    private var timer: Scheduled<Void>?
    private var sentAlone = SentVolume()
    private var ride: Ride?

    /// A seat in a lane, and what the lane had sent before.
    private struct Ride {
        let lane: DatagramLane
        let seat: DatagramFanout.Seat
        let sentBefore: SentVolume
    }

    /// A burst on its way out bit by bit.
    private struct Pacing {
        let burst: Burst
        /// The place of the next packet in its entries.
        var next = 0
    }

    /// Called when a paced burst is out and there is allowance for another.
    var onPaced: (() -> Void)?
    /// Packets that may go out before the next tick.
    private var allowance = DatagramPath.pacedPackets
    /// Live packets held since the last tick.
    private var heldPackets = 0

    /// `nil` if no route goes by datagrams.
    init?(routes: [Int: DeliveryRoute], trackCount: Int, sockets: DatagramDeparture, eventLoop: any EventLoop) {
        var destinations = [Destination?](repeating: nil, count: trackCount)
        for case (let track, .datagrams(let rtp, let rtcp)) in routes where track < trackCount {
            guard let pair = sockets.pair(for: track), let rtp = pair.destination(of: rtp),
                let rtcp = pair.destination(of: rtcp)
            else { continue }
            destinations[track] = Destination(rtp: rtp, rtcp: rtcp, sockets: pair)
        }
        guard destinations.contains(where: { $0 != nil }) else { return nil }
        self.destinations = destinations
        shared = sockets.shared
        self.eventLoop = eventLoop
    }

    /// Alone and in lanes.
    var sent: SentVolume {
        ride.map { sentAlone.adding($0.lane.sent, since: $0.sentBefore) } ?? sentAlone
    }

    var isPacing: Bool { pacing != nil }

    /// Goes with the others of its lane, where it leaves from the same sockets as they.
    func join(_ delivery: SharedDelivery) {
        guard ride == nil, let shared else { return }
        let tracks = destinations.indices.filter { destinations[$0] != nil }
        let lane = delivery.lane(for: tracks, over: shared)
        let seat = lane.fanout.seat(for: destinations.compactMap { $0 }.flatMap { [$0.rtp, $0.rtcp] })
        ride = Ride(lane: lane, seat: seat, sentBefore: lane.sent)
    }

    /// Goes alone again; idempotent.
    func leaveLane() {
        guard let ride else { return }
        sentAlone = sent
        self.ride = nil
        ride.seat.leave()
    }

    /// Queues a live burst; the sockets are flushed once for all viewers of the loop.
    func send(_ variants: BurstVariants) {
        send(variants.datagramBurst())
    }

    /// Sends a burst a few packets at a time; `isPacing` until all are out, then `onPaced`.
    func pace(_ burst: Burst) {
        pacing = Pacing(burst: burst)
        sendPortion()
    }

    /// A live burst waits behind what is paced.
    func held(packets: Int) {
        guard timer != nil else { return }
        heldPackets += packets
    }

    func stopPacing() {
        heldPackets = 0
        pacing = nil
        onPaced = nil
        timer?.cancel()
        timer = nil
    }

    func send(control packet: ByteBuffer, track: Int) {
        guard track < destinations.count, let destination = destinations[track] else { return }
        destination.sockets.send(packet, segmentSize: nil, to: destination.rtcp, control: true)
        destination.sockets.flush()
    }

    private func sendPortion() {
        guard var current = pacing else { return }
        // Made bit by bit: a viewer is not to hold a copy of all that it starts with.
        let end = min(current.next + allowance, current.burst.entries.count)
        send(DatagramBurst(current.burst, packets: current.next..<end))
        allowance -= end - current.next
        current.next = end
        // Sockets of its own flush themselves, a millisecond later.
        shared?.flush()
        guard end < current.burst.entries.count else {
            pacing = nil
            return
        }
        pacing = current
        timer = timer ?? eventLoop.assumeIsolated().scheduleTask(in: Self.pace) { self.ticked() }
    }

    private func ticked() {
        timer = nil
        allowance = Self.pacedPackets + heldPackets
        heldPackets = 0
        sendPortion()
        if pacing == nil { onPaced?() }
    }

    private func send(_ burst: DatagramBurst) {
        for index in burst.runs.indices {
            let run = burst.runs[index]
            guard run.track < destinations.count, let destination = destinations[run.track] else { continue }
            sentAlone.add(packets: run.packets, bytes: run.length)
            destination.sockets.send(
                burst.packets(of: run),
                segmentSize: run.packets > 1 ? run.segmentSize : nil,
                to: run.isControl ? destination.rtcp : destination.rtp,
                control: run.isControl
            )
        }
    }
}

extension DatagramSocketPair: BurstDeliveryObserver {
    package func burstDelivered() {
        flush()
    }
}
