import NIOCore
import NIOEmbedded
import RTSP
import RTSPTransport
import TestSupport
import Testing

@testable import Egress
@testable import Reflector

/// The pace of what a viewer starts with.
@Suite struct DatagramPathTests {
    /// A burst of small packets of track 0.
    private static func burst(packets: Int) -> Burst {
        var bytes = ByteBuffer()
        var entries: [Burst.Entry] = []
        for _ in 0..<packets {
            bytes.writeMultipleIntegers(0x2400 as UInt16, 16 as UInt16)
            entries.append(
                Burst.Entry(offset: bytes.writerIndex, length: 16, track: 0, isControl: false, endsAccessUnit: true))
            bytes.writeRepeatingByte(0, count: 16)
        }
        return Burst(bytes: bytes, entries: entries, arrival: .uptimeNanoseconds(0), startsGroup: true)
    }

    /// Packets that went out of a start of 1000 after ten ticks, while `arriving` live packets come between two of them.
    private static func sent(arriving: Int) async throws -> UInt64 {
        let pool = try await DatagramSocketPool.start(
            group: FakeViewer.group, host: "127.0.0.1", ports: PortPair(rtp: 0, rtcp: 0))
        let loop = FakeViewer.group.any()
        let sent = try await loop.submit {
            let clock = EmbeddedEventLoop()
            let remote = try SocketAddress(ipAddress: "127.0.0.1", port: 9)
            let sockets = try #require(pool.pair(for: loop))
            let path = try #require(
                DatagramPath(
                    routes: [0: .datagrams(rtp: remote, rtcp: remote)], trackCount: 1, sockets: .shared(sockets),
                    eventLoop: clock))
            path.pace(burst(packets: 1000))
            for _ in 0..<10 {
                path.held(packets: arriving)
                clock.advanceTime(by: .milliseconds(5))
            }
            path.stopPacing()
            return path.sent.packets
        }.get()
        await pool.shutdown()
        return sent
    }

    @Test("A start goes out a few packets at a time")
    func paced() async throws {
        #expect(try await Self.sent(arriving: 0) == 11 * 24)
    }

    @Test("A start is paced faster than live packets come, however many they are")
    func catchesUp() async throws {
        #expect(try await Self.sent(arriving: 40) == 11 * 24 + 10 * 40)
    }
}
