import NIOCore
import RTSPTransport
import Reflector

/// The tracks of a viewer that go out on its RTSP connection.
final class InterleavedPath {
    private let channels: ChannelMap
    private let writer: InterleavedWriter
    private var observation: InterleavedWriter.DrainObservation?
    private(set) var packets: UInt64 = 0
    private(set) var bytes: UInt64 = 0

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
        let framed = variants.framed(for: channels)
        guard framed.packets > 0 else { return }
        packets &+= UInt64(framed.packets)
        bytes &+= UInt64(framed.bytes.readableBytes)
        writer.send(framed.bytes)
    }

    func send(control packet: ByteBuffer, track: Int) {
        guard track < channels.channels.count, let pair = channels.channels[track] else { return }
        var framed = ByteBufferAllocator().buffer(capacity: packet.readableBytes + Burst.framingLength)
        framed.writeInteger(0x2400 | UInt16(pair.rtcp))
        framed.writeInteger(UInt16(truncatingIfNeeded: packet.readableBytes))
        framed.writeImmutableBuffer(packet)
        writer.send(framed)
    }
}
