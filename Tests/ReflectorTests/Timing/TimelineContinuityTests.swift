import RTP
import Testing

@testable import Reflector

/// A camera at 25 frames a second on a 90 kHz clock, seen through the timeline of its track.
private struct Line {
    var continuity = TimelineContinuity(clockRate: 90_000, firstSequenceNumber: 100, firstTimestamp: 1000)
    var time = 0.0

    /// One packet; returns the numbers that viewers see, `nil` for a dropped one.
    mutating func send(
        _ sequenceNumber: UInt16, _ timestamp: UInt32, ssrc: UInt32 = 1, after seconds: Double = 0.04
    ) -> [UInt32]? {
        time += seconds
        let admission = continuity.receive(
            ssrc: ssrc, sequenceNumber: SequenceNumber(sequenceNumber), timestamp: timestamp, time: time
        )
        guard admission == .admitted else { return nil }
        return [UInt32(continuity.nextSequenceNumber()), continuity.timestamp]
    }
}

@Suite struct TimelineContinuityTests {
    @Test("The first packet takes the stream's own first numbers")
    func begins() {
        var line = Line()
        #expect(line.send(7, 50_000) == [100, 1000])
        #expect(line.send(8, 53_600) == [101, 4600])
    }

    @Test("A loss stays visible as a gap")
    func gap() {
        var line = Line()
        #expect(line.send(7, 50_000) == [100, 1000])
        #expect(line.send(10, 53_600) == [103, 4600])
    }

    @Test("G7 a repeated packet is dropped, a sequence that jumps is a restart and no loss of 65 535")
    func repeated() {
        var line = Line()
        #expect(line.send(7, 50_000) == [100, 1000])
        #expect(line.send(7, 50_000) == nil)
        #expect(line.send(3, 53_600) == [101, 4600])
    }

    @Test("H2 H3 a new SSRC or a sequence that starts again goes on right behind the last packet")
    func restarts() {
        var line = Line()
        #expect(line.send(7, 50_000) == [100, 1000])
        #expect(line.send(9000, 4_000_000_000, ssrc: 2) == [101, 4600])
        #expect(line.send(9001, 4_000_003_600, ssrc: 2) == [102, 8200])
    }

    @Test("A new source begins behind the last packet's end, where that holds several audio frames, and not within it")
    func longPackets() {
        var line = Line()
        for packet in 0..<3 as Range<UInt16> { _ = line.send(packet, UInt32(packet) * 8352, after: 0.0928) }
        line.continuity.sourceEnded()
        #expect(line.send(1, 77, ssrc: 9)?[1] == 26_056)
    }

    @Test("A camera that comes back after a minute of stream time makes a step of at most a second")
    func resumes() {
        var line = Line()
        #expect(line.send(7, 50_000) == [100, 1000])
        line.continuity.sourceEnded()
        #expect(line.send(1, 77, ssrc: 9, after: 60) == [101, 91_000])
    }

    @Test("K1 a single frame stamped hours away is placed right behind the last one, and the next is in line again")
    func strayFrame() {
        var line = Line()
        #expect(line.send(1, 900_000_000) == [100, 1000])
        #expect(line.send(2, 900_003_600) == [101, 4600])
        let stray = UInt32(900_007_200) &- 9800 * 90_000
        #expect(line.send(3, stray) == [102, 8200])
        #expect(line.send(4, stray, after: 0) == [103, 8200])
        #expect(line.send(5, 900_010_800) == [104, 11_800])
    }

    @Test("K1 three stray frames that agree are a new timeline")
    func newTimeline() {
        var line = Line()
        #expect(line.send(1, 0) == [100, 1000])
        #expect(line.send(2, 3600) == [101, 4600])
        let base: UInt32 = 37_600 * 90_000
        #expect(line.send(3, base)?[1] == 8200)
        #expect(line.send(4, base + 3600)?[1] == 11_800)
        #expect(line.send(5, base + 7200)?[1] == 15_400)
        #expect(line.send(6, base + 10_800)?[1] == 19_000)
    }

    @Test("K2 a clock that jumps for good costs no packet and no step of more than a second")
    func clockJump() {
        var line = Line()
        var last: UInt32 = 1000
        for index in 0..<50 {
            let jump: UInt32 = index < 25 ? 0 : 3_000_000_000
            guard let sent = line.send(UInt16(index), UInt32(index) * 3600 &+ jump) else {
                Issue.record("packet \(index) was dropped")
                return
            }
            #expect(sent[0] == UInt32(100 + index))
            #expect(Int32(bitPattern: sent[1] &- last) <= 90_000)
            #expect(Int32(bitPattern: sent[1] &- last) >= 0)
            last = sent[1]
        }
    }

    @Test("A silence of ten seconds that the clock agrees with is no error of the camera")
    func silence() {
        var line = Line()
        #expect(line.send(1, 0) == [100, 1000])
        #expect(line.send(2, 900_000, after: 10) == [101, 901_000])
    }

    @Test("A backlog that comes at once after a stall keeps its timestamps")
    func backlog() {
        var line = Line()
        #expect(line.send(1, 0) == [100, 1000])
        #expect(line.send(2, 3600, after: 8)?[1] == 4600)
        #expect(line.send(3, 7200, after: 0)?[1] == 8200)
    }

    @Test("K4 a second frame under the same timestamp gets the next tick, its successors keep their order")
    func sameTimestamp() {
        var line = Line()
        #expect(line.send(1, 3600)?[1] == 1000)
        line.time += 0.01
        let admission = line.continuity.receive(
            ssrc: 1, sequenceNumber: SequenceNumber(2), timestamp: 3600, time: line.time
        )
        line.continuity.separateFrame()
        #expect(admission == .admitted)
        #expect(line.continuity.timestamp == 1001)
        #expect(line.send(3, 3600, after: 0)?[1] == 1001)
        #expect(line.send(4, 7200)?[1] == 4601)
    }

    @Test("K6 the 32-bit wrap is a step like any other")
    func wraps() {
        var line = Line()
        #expect(line.send(65_535, UInt32.max - 1799) == [100, 1000])
        #expect(line.send(0, 1800) == [101, 4600])
    }

    @Test("B frames step back and forth without being taken for errors")
    func reorderedFrames() {
        var line = Line()
        #expect(line.send(1, 90_000)?[1] == 1000)
        #expect(line.send(2, 100_800)?[1] == 11_800)
        #expect(line.send(3, 93_600)?[1] == 4600)
        #expect(line.send(4, 97_200)?[1] == 8200)
    }
}
