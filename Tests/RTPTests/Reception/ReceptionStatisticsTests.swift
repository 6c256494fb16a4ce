import NIOCore
import RTP
import Testing

@Suite struct ReceptionStatisticsTests {
    private static let start = NIODeadline.uptimeNanoseconds(5_000_000_000)

    private func receive(
        _ sequence: Int,
        into statistics: inout ReceptionStatistics,
        at milliseconds: Int64 = 0,
        timestamp: UInt32 = 0,
        ssrc: UInt32 = 1
    ) {
        statistics.receive(
            packet: packet([1, 2], sequence: sequence, timestamp: timestamp, ssrc: ssrc),
            arrival: Self.start + .milliseconds(milliseconds), clockRate: 90_000
        )
    }

    @Test("packets, bytes and losses are counted, across the wrap")
    func counts() throws {
        var statistics = ReceptionStatistics()
        let before = statistics.reportBlock(at: Self.start)
        #expect(before == nil)
        for number in 65_530..<65_550 where number % 4 != 0 { receive(number, into: &statistics) }
        #expect(statistics.packetsReceived == 15)
        #expect(statistics.bytesReceived == 30)
        // 65 532, 65 536, 65 540, 65 544, 65 548; the first and the last came.
        #expect(statistics.packetsLost == 5)
        let report = statistics.reportBlock(at: Self.start)
        let block = try #require(report)
        #expect(block.cumulativeLost == 5)
        #expect(block.extendedHighestSequenceNumber == 65_549)
        #expect(block.fractionLost == 64)
        let next = statistics.reportBlock(at: Self.start)
        #expect(next?.fractionLost == 0)
    }

    @Test("G7 a number that repeats is no loss of 65 535")
    func repeats() throws {
        var statistics = ReceptionStatistics()
        for number in [10, 11, 11, 10, 12] { receive(number, into: &statistics) }
        #expect(statistics.packetsLost == 0)
        let report = statistics.reportBlock(at: Self.start)
        let block = try #require(report)
        #expect(block.cumulativeLost == -2)
        #expect(block.extendedHighestSequenceNumber == 12)
        #expect(block.fractionLost == 0)
    }

    @Test("steady packets have no jitter, shaken ones have the jitter of RFC 3550 §A.8")
    func jitter() {
        var steady = ReceptionStatistics()
        var shaken = ReceptionStatistics()
        for index in 0..<200 {
            let timestamp = UInt32(index) &* 3600 &+ 0xFFFF_0000
            receive(index, into: &steady, at: Int64(index) * 40, timestamp: timestamp)
            receive(index, into: &shaken, at: Int64(index) * 40 + (index % 2 == 0 ? 0 : 10), timestamp: timestamp)
        }
        #expect(steady.jitter == 0)
        // 10 ms back and forth: every difference is 900 units.
        #expect((880...900).contains(shaken.jitter))
    }

    @Test("K1 a jump of the clock is no jitter")
    func clockJump() {
        var statistics = ReceptionStatistics()
        for index in 0..<100 {
            let jump: UInt32 = index == 50 ? 0x8000_0000 : 0
            receive(index, into: &statistics, at: Int64(index) * 40, timestamp: UInt32(index) * 3600 &+ jump)
        }
        #expect(statistics.jitter == 0)
    }

    @Test("H2 a new SSRC starts the counting of losses anew and keeps the sums")
    func newSource() throws {
        var statistics = ReceptionStatistics()
        receive(1, into: &statistics)
        receive(4, into: &statistics)
        receive(40_000, into: &statistics, ssrc: 2)
        receive(40_002, into: &statistics, ssrc: 2)
        #expect(statistics.packetsLost == 3)
        #expect(statistics.restarts == 1)
        let report = statistics.reportBlock(at: Self.start)
        let block = try #require(report)
        #expect(block.ssrc == 2)
        #expect(block.cumulativeLost == 1)
        #expect(block.extendedHighestSequenceNumber == 40_002)
    }

    @Test("H3 numbers that jump start anew with the second packet, one stray packet does not")
    func jump() {
        var statistics = ReceptionStatistics()
        receive(30_000, into: &statistics)
        receive(5, into: &statistics)
        receive(30_001, into: &statistics)
        #expect(statistics.restarts == 0)
        receive(5, into: &statistics)
        receive(6, into: &statistics)
        receive(7, into: &statistics)
        #expect(statistics.restarts == 1)
        #expect(statistics.packetsLost == 0)
    }

    @Test("a sender report is echoed with the delay since it came")
    func echo() throws {
        var statistics = ReceptionStatistics()
        receive(1, into: &statistics)
        let senderReport = SenderReport(
            ssrc: 1, ntp: NTPTime(rawValue: 0x0102_0304_0506_0708), rtpTimestamp: 0, packetCount: 0, octetCount: 0
        )
        statistics.receive(senderReport: senderReport, arrival: Self.start)
        let report = statistics.reportBlock(at: Self.start + .milliseconds(1500))
        let block = try #require(report)
        #expect(block.lastSenderReport == 0x0304_0506)
        #expect(block.delaySinceLastSenderReport == 98_304)
    }

    @Test(
        "C15 without a clock rate, or with a mad one, packets are counted all the same",
        arguments: [nil, 0, -1, Int.max])
    func clockRates(clockRate: Int?) {
        var statistics = ReceptionStatistics()
        for number in 0..<10 {
            statistics.receive(
                packet: packet([1], sequence: number), arrival: .distantFuture, clockRate: clockRate
            )
        }
        #expect(statistics.packetsReceived == 10)
        #expect(statistics.jitter == 0)
    }

    @Test("random packets never trap")
    func random() {
        var generator = SeededGenerator(seed: 4)
        var statistics = ReceptionStatistics()
        for _ in 0..<5000 {
            receive(
                Int.random(in: 0..<65_536, using: &generator), into: &statistics,
                at: Int64.random(in: 0...1_000_000_000, using: &generator),
                timestamp: UInt32.random(in: 0...UInt32.max, using: &generator),
                ssrc: UInt32.random(in: 0..<2, using: &generator)
            )
            _ = statistics.reportBlock(at: Self.start)
        }
        #expect(statistics.packetsReceived == 5000)
    }
}
