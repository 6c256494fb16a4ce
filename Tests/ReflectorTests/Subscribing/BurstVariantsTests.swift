import NIOCore
import Testing

@testable import Reflector

@Suite struct BurstVariantsTests {
    /// Packets by track and size.
    private func burst(_ packets: [(track: Int, size: Int)]) -> Burst {
        var builder = BurstBuilder()
        for (index, packet) in packets.enumerated() {
            builder.append(
                payload: ByteBuffer(repeating: UInt8(index), count: packet.size - 12),
                header: OutgoingHeader(
                    marker: false, payloadType: 96, sequenceNumber: UInt16(index), timestamp: 0, ssrc: 1
                ),
                track: packet.track,
                startsGroup: false
            )
        }
        return builder.take(at: .uptimeNanoseconds(0))
            ?? Burst(bytes: ByteBuffer(), entries: [], arrival: .uptimeNanoseconds(0), startsGroup: false)
    }

    @Test("The canonical channels are the burst's own bytes")
    func canonical() {
        let burst = burst([(0, 100), (1, 50)])
        let variants = BurstVariants()
        variants.load(burst)
        let map = ChannelMap([.init(rtp: 0, rtcp: 1), .init(rtp: 2, rtcp: 3)])
        #expect(variants.framed(for: map).bytes == burst.bytes)
        #expect(Array(burst.bytes.readableBytesView.prefix(4)) == [0x24, 0, 0, 100])
    }

    @Test("Other channels and a part of the tracks are framed anew")
    func otherChannels() {
        let variants = BurstVariants()
        variants.load(burst([(0, 100), (1, 50), (0, 20)]))
        let framed = variants.framed(for: ChannelMap([nil, .init(rtp: 10, rtcp: 11)]))
        #expect(framed.packets == 1)
        #expect(framed.bytes.readableBytes == 54)
        #expect(Array(framed.bytes.readableBytesView.prefix(4)) == [0x24, 10, 0, 50])
    }

    @Test("Runs for segmentation offload: equal sizes, the last may be shorter, one track each")
    func runs() {
        let datagrams = DatagramBurst(burst([(0, 100), (0, 100), (0, 60), (0, 60), (1, 60), (0, 100)]))
        #expect(datagrams.runs.map(\.packets) == [3, 1, 1, 1])
        #expect(datagrams.runs.map(\.length) == [260, 60, 60, 100])
        #expect(datagrams.runs.map { datagrams.packets(of: $0).readableBytes } == [260, 60, 60, 100])
    }

    @Test("A part of a burst as datagrams is those packets and no others")
    func part() {
        let whole = burst([(0, 100), (1, 50), (1, 50), (0, 20)])
        let datagrams = DatagramBurst(whole, packets: 1..<3)
        #expect(datagrams.runs.map(\.packets) == [2])
        #expect(
            datagrams.packets(of: datagrams.runs[0])
                == ByteBuffer(bytes: whole.entries[1...2].flatMap { whole.packet($0).readableBytesView }))
        #expect(DatagramBurst(whole, packets: 4..<4).runs.isEmpty)
    }

    @Test("A run is never longer than the kernel takes at once")
    func runLimits() {
        let datagrams = DatagramBurst(burst(Array(repeating: (0, 1400), count: 100)))
        #expect(datagrams.runs.allSatisfy { $0.packets <= 64 && $0.length <= 65_000 })
        #expect(datagrams.runs.reduce(0) { $0 + $1.packets } == 100)
    }
}
