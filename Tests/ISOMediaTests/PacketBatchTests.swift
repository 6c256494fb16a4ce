import NIOCore
import RTP
import Testing

@testable import ISOMedia

struct PacketBatchTests {
    private let heading = PacketHeading(
        channel: 2, ssrc: 0xCAFE_BABE, sequenceNumber: 0xFFFF, mediaOrigin: 90_000, timestampOrigin: 1000)

    @Test("Packets stand framed one behind the other, with running numbers and the time from the origin on")
    func packetsStandFramed() throws {
        var batch = PacketBatch(heading: heading)
        batch.begin(due: 0, at: 90_000, payloadType: 96, marker: false, traits: .startsRandomAccess)
        batch.append([1, 2, 3])
        let first = batch.end()
        #expect(first)
        batch.begin(due: 40_000, at: 93_600, payloadType: 96, marker: true)
        batch.append(ByteBuffer(bytes: [4, 5]))
        let second = batch.end()
        #expect(second)

        #expect(batch.entries.map(\.offset) == [4, 23])
        #expect(batch.entries.map(\.length) == [15, 14])
        #expect(batch.bytes.getBytes(at: 0, length: 4) == [0x24, 2, 0, 15])
        let packets = try batch.entries.map { entry in
            try RTPPacket(validating: #require(batch.bytes.getSlice(at: entry.offset, length: entry.length)))
        }
        #expect(packets.map(\.sequenceNumber.rawValue) == [0xFFFF, 0])
        #expect(packets.map(\.timestamp) == [1000, 4600])
        #expect(packets.map(\.marker) == [false, true])
        #expect(packets.allSatisfy { $0.ssrc == 0xCAFE_BABE && $0.payloadType == 96 })
        #expect(packets.map { Array($0.payload.readableBytesView) } == [[1, 2, 3], [4, 5]])
    }

    @Test("A packet longer than its framing can tell is taken back and costs no number")
    func tooLongIsTakenBack() {
        var batch = PacketBatch(heading: heading)
        batch.begin(due: 0, at: 0, payloadType: 96, marker: true)
        batch.append(ByteBuffer(repeating: 0, count: PacketBatch.maximumPacketLength - 11))
        let ended = batch.end()
        #expect(!ended)
        #expect(batch.entries.isEmpty)
        #expect(batch.bytes.readableBytes == 0)
        #expect(batch.heading.sequenceNumber == 0xFFFF)
    }

    @Test("A batch takes 64 MiB and 131 072 packets at most; what is beyond is taken back, and it can be used again")
    func bounded() {
        var batch = PacketBatch(heading: heading)
        func add(_ payload: ByteBuffer) -> Bool {
            batch.begin(due: 0, at: 0, payloadType: 96, marker: true)
            batch.append(payload)
            return batch.end()
        }
        let large = ByteBuffer(repeating: 1, count: 60_000)
        for _ in 0..<1200 where !add(large) { break }
        #expect(batch.bytes.readableBytes == (64 << 20) / 60_016 * 60_016)
        #expect(batch.entries.count == (64 << 20) / 60_016)
        let tooLarge = add(ByteBuffer(repeating: 1, count: 70 << 20))
        #expect(!tooLarge && batch.bytes.writerIndex <= 64 << 20)
        batch.removeAll()
        let again = add(large)
        #expect(again && batch.entries.count == 1)
        batch.removeAll()
        for _ in 0..<131_080 where !add(ByteBuffer(integer: 1 as UInt8)) { break }
        #expect(batch.entries.count == 131_072)
    }

    @Test(
        "RTP time runs slower where the movie is played faster, and on where it is played backwards",
        arguments: [(1.0, 190_000), (2, 100_000), (-1, UInt32.max - 170_000 + 1), (0.5, 370_000)] as [(Double, UInt32)])
    func scaledTime(scale: Double, expected: UInt32) {
        let heading = PacketHeading(
            channel: 0, ssrc: 1, sequenceNumber: 0, mediaOrigin: 90_000, timestampOrigin: 10_000, scale: scale)
        #expect(heading.timestamp(at: 270_000) == expected)
    }
}
