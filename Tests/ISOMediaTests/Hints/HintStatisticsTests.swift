import NIOCore
import Testing

@testable import ISOMedia

@Suite("The statistics of a hint track")
struct HintStatisticsTests {
    private static let boxes: [UInt8] =
        boxBytes("totl", bigEndian(UInt32(7))) + boxBytes("trpy", bigEndian(UInt64(1) << 33))
        + boxBytes("npck", bigEndian(UInt32(3))) + boxBytes("nump", bigEndian(UInt64(4)))
        + boxBytes("tpay", bigEndian(UInt32(5))) + boxBytes("maxr", bigEndian(UInt32(1000)) + bigEndian(UInt32(50)))
        + boxBytes("maxr", bigEndian(UInt32(60_000)) + bigEndian(UInt32(51)))
        + boxBytes("dmed", bigEndian(UInt64(8))) + boxBytes("dimm", bigEndian(UInt64(9)))
        + boxBytes("drep", bigEndian(UInt64(10))) + boxBytes("tmin", bigEndian(Int32(-11)))
        + boxBytes("tmax", bigEndian(Int32(12))) + boxBytes("pmax", bigEndian(UInt32(1450)))
        + boxBytes("dmax", bigEndian(UInt32(33)))
        + boxBytes("payt", bigEndian(UInt32(96)) + [10] + Array("H264/90000".utf8))

    @Test("All that a hinter counts is read, and the long numbers count before the short ones")
    func everything() {
        let statistics = HintStatistics(reading: ByteBuffer(bytes: Self.boxes))
        #expect(statistics.bytes == 1 << 33)
        #expect(statistics.packets == 4)
        #expect(statistics.payloadBytes == 5)
        #expect(statistics.peaks == [.init(period: 1000, bytes: 50), .init(period: 60_000, bytes: 51)])
        #expect(statistics.mediaBytes == 8 && statistics.immediateBytes == 9 && statistics.repeatedBytes == 10)
        #expect(statistics.earliest == -11 && statistics.latest == 12)
        #expect(statistics.largestPacket == 1450 && statistics.longestDuration == 33)
        #expect(statistics.payloadType == 96 && statistics.payloadMap == "H264/90000")
    }

    @Test("Nothing, boxes cut short and texts with control characters are no statistics")
    func nothing() {
        let empty = HintStatistics(reading: ByteBuffer())
        #expect(empty.bytes == nil && empty.packets == nil && empty.peaks.isEmpty)
        #expect(HintStatistics(reading: ByteBuffer(bytes: boxBytes("pmax", [1, 2]))) == empty)
        let bad = boxBytes("payt", bigEndian(UInt32(96)) + [4] + Array("A\r\nB".utf8))
        #expect(HintStatistics(reading: ByteBuffer(bytes: bad)).payloadMap == nil)
    }

    @Test("Mutated statistics do no harm and stay small")
    func mutations() {
        var mutations = HintMutations(seed: 11)
        for _ in 0..<4000 {
            let statistics = HintStatistics(reading: ByteBuffer(bytes: mutations.mutated(Self.boxes)))
            #expect(statistics.peaks.count <= 32)
            #expect(statistics.payloadType ?? 0 < 128)
        }
    }
}
