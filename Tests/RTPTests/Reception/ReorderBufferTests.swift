import NIOCore
import RTP
import Testing

/// A buffer and what it delivered.
private struct Track {
    var buffer = ReorderBuffer()
    var delivered: [Int] = []

    mutating func receive(_ sequence: Int, at milliseconds: Int64 = 0, timestamp: UInt32 = 1000, ssrc: UInt32 = 1) {
        var out: [Int] = []
        buffer.receive(
            packet([1], sequence: sequence, timestamp: timestamp, ssrc: ssrc), at: .milliseconds(milliseconds)
        ) { packet, _ in out.append(Int(packet.sequenceNumber.rawValue)) }
        delivered += out
    }

    mutating func expire(at milliseconds: Int64) {
        var out: [Int] = []
        buffer.expired(at: .milliseconds(milliseconds)) { packet, _ in
            out.append(Int(packet.sequenceNumber.rawValue))
        }
        delivered += out
    }
}

extension NIODeadline {
    fileprivate static func milliseconds(_ count: Int64) -> NIODeadline {
        .uptimeNanoseconds(1_000_000_000) + .milliseconds(count)
    }
}

@Suite struct ReorderBufferTests {
    @Test("packets in order pass at once, across the wrap")
    func inOrder() {
        var track = Track()
        for number in 65_530..<65_550 { track.receive(number) }
        #expect(track.delivered == (65_530..<65_550).map { $0 % 65_536 })
        #expect(track.buffer.deadline == nil)
    }

    @Test("H5 duplicates are taken out, waiting or passed")
    func duplicates() {
        var track = Track()
        for number in [1, 1, 2, 4, 4, 5, 4, 3, 3, 5, 6] { track.receive(number) }
        #expect(track.delivered == [1, 2, 3, 4, 5, 6])
        #expect(track.buffer.counters.duplicates == 2)
        #expect(track.buffer.counters.late == 3)
    }

    @Test("H5 shuffled within 20 packets nothing is lost", arguments: 1...20)
    func shuffled(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var track = Track()
        track.receive(65_500)
        var order: [Int] = []
        for start in stride(from: 65_501, to: 65_701, by: 20) {
            order += Array(start..<start + 20).shuffled(using: &generator)
        }
        for (index, number) in order.enumerated() { track.receive(number, at: Int64(index)) }
        #expect(track.delivered == (65_500..<65_701).map { $0 % 65_536 })
        #expect(track.buffer.counters == ReorderBuffer.Counters())
    }

    @Test("H4 one lost packet of a 50 packets/s track delays the others 100 ms at most")
    func lost() {
        var track = Track()
        track.receive(1, at: 0)
        track.receive(3, at: 40)
        track.receive(4, at: 60)
        #expect(track.delivered == [1])
        #expect(track.buffer.deadline == .milliseconds(140))
        track.expire(at: 139)
        #expect(track.delivered == [1])
        track.expire(at: 140)
        #expect(track.delivered == [1, 3, 4])
        #expect(track.buffer.deadline == nil)
        #expect(track.buffer.counters.missing == 1)
        track.receive(2, at: 141)
        track.receive(5, at: 142)
        #expect(track.delivered == [1, 3, 4, 5])
    }

    @Test("H4 without a timer the next packet releases what waited too long")
    func lostWithoutTimer() {
        var track = Track()
        track.receive(1, at: 0)
        track.receive(3, at: 40)
        track.receive(5, at: 141)
        #expect(track.delivered == [1, 3])
        #expect(track.buffer.deadline == .milliseconds(241))
    }

    @Test("a packet that waited too long behind a later gap releases the earlier gap too")
    func twoGaps() {
        var track = Track()
        track.receive(1, at: 0)
        track.receive(8, at: 10)
        track.receive(5, at: 90)
        track.expire(at: 110)
        #expect(track.delivered == [1, 5, 8])
        #expect(track.buffer.counters.missing == 5)
    }

    @Test("a gap is given up when a packet comes as far behind it as packets may wait")
    func bounded() {
        var track = Track()
        track.buffer = ReorderBuffer(maximumPackets: 4)
        for number in [0, 2, 3, 4] { track.receive(number) }
        #expect(track.delivered == [0])
        // The gap before 6 is a new one.
        track.receive(6)
        #expect(track.delivered == [0, 2, 3, 4])
        track.receive(5)
        #expect(track.delivered == [0, 2, 3, 4, 5, 6])
        #expect(track.buffer.counters.missing == 1)
    }

    @Test("numbers far ahead are a loss, and nothing waits for it")
    func farAhead() {
        var track = Track()
        track.receive(1)
        track.receive(3)
        track.receive(500)
        #expect(track.delivered == [1, 3, 500])
    }

    @Test("H2 a new SSRC goes on at once, behind what waited of the old one")
    func newSource() {
        var track = Track()
        track.receive(100)
        track.receive(102)
        track.receive(7, ssrc: 2)
        track.receive(8, ssrc: 2)
        #expect(track.delivered == [100, 102, 7, 8])
        #expect(track.buffer.counters.restarts == 1)
    }

    @Test("H3 a reboot in place, number and timestamp far back, goes on at once")
    func reboot() {
        var track = Track()
        track.receive(30_000, timestamp: 900_000_000)
        track.receive(5, timestamp: 3_000)
        track.receive(6, timestamp: 3_000)
        #expect(track.delivered == [30_000, 5, 6])
    }

    @Test("H3 old numbers with near timestamps are late, until 64 come in a row")
    func oldPackets() {
        var track = Track()
        track.receive(30_000)
        for number in 0..<63 { track.receive(20_000 + number) }
        #expect(track.delivered == [30_000])
        #expect(track.buffer.counters.late == 63)
        track.receive(20_063)
        track.receive(20_064)
        #expect(track.delivered == [30_000, 20_063, 20_064])
    }

    @Test("K1 a late packet with a mad timestamp is no reboot")
    func madTimestamp() {
        var track = Track()
        for number in 1...10 { track.receive(number) }
        track.receive(4, timestamp: 3_384_000_000)
        track.receive(11)
        #expect(track.delivered == Array(1...11))
        #expect(track.buffer.counters.restarts == 0)
    }

    @Test("after reset the next packet is the first")
    func reset() {
        var track = Track()
        track.receive(10)
        track.receive(12)
        track.buffer.reset()
        #expect(track.buffer.deadline == nil)
        track.receive(3)
        #expect(track.delivered == [10, 3])
    }

    @Test("random numbers and times keep it bounded, and order holds between restarts")
    func random() {
        var generator = SeededGenerator(seed: 3)
        var track = Track()
        var now: Int64 = 0
        for _ in 0..<5000 {
            now += Int64.random(in: 0...30, using: &generator)
            let near = Int.random(in: 0..<4, using: &generator) > 0
            track.receive(
                near
                    ? Int(now / 15) + Int.random(in: -5...5, using: &generator)
                    : Int.random(in: 0..<65_536, using: &generator),
                at: now, timestamp: UInt32.random(in: 0...UInt32.max, using: &generator)
            )
            if let deadline = track.buffer.deadline {
                #expect(deadline <= .milliseconds(now + 100))
                #expect(deadline > .milliseconds(now))
            }
        }
        #expect(track.delivered.count > 1000)
    }
}
