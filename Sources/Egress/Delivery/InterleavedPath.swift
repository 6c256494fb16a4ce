import NIOCore
import RTSPTransport
import Reflector

/// The tracks of a viewer that go out on its RTSP connection: by its own writer, or in a lane with others.
final class InterleavedPath {
    /// A seat in a lane, and what the lane had sent before.
    private struct Ride {
        let lane: InterleavedLane
        let seat: InterleavedFanout.Seat
        let sentBefore: SentVolume
    }

    private let channels: ChannelMap
    private let writer: InterleavedWriter
    private var observation: InterleavedWriter.DrainObservation?
    private var ride: Ride?
    private var sentAlone = SentVolume()

    /// `nil` if no route is interleaved.
    init?(routes: [Int: DeliveryRoute], trackCount: Int, writer: InterleavedWriter) {
        var channels = [ChannelMap.Channels?](repeating: nil, count: trackCount)
        for case (let track, .interleaved(let pair)) in routes where track < trackCount {
            channels[track] = ChannelMap.Channels(rtp: pair.rtp, rtcp: pair.rtcp)
        }
        guard channels.contains(where: { $0 != nil }) else { return nil }
        self.channels = ChannelMap(channels)
        self.writer = writer
    }

    /// Alone and in lanes.
    var sent: SentVolume {
        ride.map { sentAlone.adding($0.lane.sent, since: $0.sentBefore) } ?? sentAlone
    }

    var isDrained: Bool { writer.isDrained }

    func observeDrain(_ observer: @escaping () -> Void) {
        stopObserving()
        observation = writer.observeDrain(observer)
    }

    func stopObserving() {
        guard let observation else { return }
        self.observation = nil
        writer.removeDrainObserver(observation)
    }

    func send(_ variants: BurstVariants) {
        send(variants.framed(for: channels))
    }

    /// A burst that comes later than to the others.
    func send(_ burst: Burst) {
        send(channels.framing(burst))
    }

    private func send(_ framed: FramedBurst) {
        guard framed.packets > 0 else { return }
        sentAlone.add(packets: framed.packets, bytes: framed.bytes.readableBytes)
        writer.send(framed.bytes)
    }

    func send(control packet: ByteBuffer, track: Int) {
        guard track < channels.channels.count, let pair = channels.channels[track] else { return }
        writer.send(packet.interleaved(on: pair.rtcp))
    }

    /// The connection has nothing queued, and goes with no others yet.
    var canJoin: Bool { ride == nil && writer.canTakeSeat }

    /// Goes with the others of its lane, where it can; `onLost` is called when it has to go alone again.
    func join(_ delivery: SharedDelivery, onLost: @escaping () -> Void) {
        let lane = delivery.lane(for: channels)
        guard ride == nil, let seat = lane.fanout.seat(for: writer, onLost: onLost) else { return }
        ride = Ride(lane: lane, seat: seat, sentBefore: lane.sent)
    }

    /// Goes alone again; idempotent.
    func leaveLane() {
        guard let ride else { return }
        sentAlone = sent
        self.ride = nil
        ride.seat.leave()
    }
}
