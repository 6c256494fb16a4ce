import NIOCore
import NIOPosix
import RTSP
import Reflector
import TestSupport
import Testing

@testable import Egress

/// What a burst costs the heap on its way from the source to the viewers' sockets.
@Suite(.serialized) struct DeliveryAllocationTests {
    @Test(
        "A burst allocates as often for a hundred viewers as for ten", .enabled(if: AllocationCount.isKept),
        arguments: Audience.Way.allCases)
    func flat(way: Audience.Way) async throws {
        let few = try await Self.allocations(viewers: 10, over: way)
        let many = try await Self.allocations(viewers: 100, over: way)
        #expect(few > 0)
        #expect(many <= few)
    }

    @Test("An allocation is counted, and none is where none is made", .enabled(if: AllocationCount.isKept))
    func counted() {
        var blocks: [ByteBuffer] = []
        blocks.reserveCapacity(3)
        let count = AllocationCount.during {
            for length in 1...3 { blocks.append(ByteBuffer(repeating: 0, count: 1000 * length)) }
        }
        #expect(count >= 3)
        #expect(AllocationCount.during {} == 0)
    }

    /// The median of a burst that is a picture of eight packets and a packet of audio.
    private static func allocations(viewers: Int, over way: Audience.Way) async throws -> Int {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let path = try #require(StreamPath("gate"))
        let stream = Stream(
            path: path, homeLoop: group.next(),
            clock: StreamClock(
                now: { .now() },
                wallClock: { 1_700_000_000_000_000_000 + Int64(NIODeadline.now().uptimeNanoseconds) },
                random: { .random(in: .min ... .max) }
            ),
            logger: .init(label: "test")
        )
        let camera = try await SyntheticCamera(stream: stream, tracks: [SyntheticCamera.video, SyntheticCamera.audio])
        try await camera.sendGroup(pictures: 1)
        let audience = try await Audience(of: viewers, watching: stream, over: way, group: group)
        // The first bursts find buffers to grow.
        let counts = try await camera.allocations(pictures: 25, bytes: 10_000) { audience.drain() }
        let sent = try await audience.sent()
        try await audience.arrived(sent)
        #expect(sent > viewers * 25 * 10_000)
        try await audience.leave()
        try await stream.close().get()
        try await group.shutdownGracefully()
        return counts.dropFirst(5).sorted()[10]
    }
}
