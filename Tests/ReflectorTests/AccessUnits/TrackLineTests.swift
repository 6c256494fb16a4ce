import TestSupport
import Testing

@testable import Reflector

@Suite struct TrackLineTests {
    @Test("Before the first report nothing is known, and from there times count on over every wrap")
    func wraps() {
        var line = TrackLine(clockRate: 90_000)
        #expect(line.time(of: UInt32.max - 89_999) == nil)
        #expect(line.reported(UInt32.max - 89_999, at: 1) == 0)
        let step: UInt32 = 1 << 30
        var timestamp = UInt32.max - 89_999
        var times: [Int64] = []
        for _ in 0..<12 {
            if let time = line.time(of: timestamp) { times.append(time) }
            timestamp &+= step
        }
        #expect(times == (0..<12).map { 90_000 + Int64($0) << 30 })
    }

    @Test(
        "A clock that is 100 ppm off is followed: never off by more than two milliseconds, never by a jump"
    )
    func drift() {
        var line = TrackLine(clockRate: 8000)
        var timestamp: UInt32 = 0
        var worst = 0.0
        var last: Int64?
        var unevenness: Int64 = 0
        // Ten minutes: a report every 2.5 s, sound every 20 ms.
        for tick in 0..<30_000 {
            let seconds = Double(tick) * 0.02 * 1.0001
            if tick % 125 == 0 { #expect(line.reported(timestamp, at: seconds) == 0) }
            if let time = line.time(of: timestamp) {
                worst = max(worst, abs(Double(time) / 8000 - seconds))
                if let last { unevenness = max(unevenness, abs(time - last - 160)) }
                last = time
            }
            timestamp &+= 160
        }
        #expect(worst < 0.002)
        #expect(unevenness <= 1)
    }

    @Test("Reports that agree move nothing, by not one tick")
    func steady() {
        var line = TrackLine(clockRate: 90_000)
        var generator = SeededGenerator(seed: 3550)
        for picture in 0..<5000 {
            let timestamp = UInt32(truncatingIfNeeded: picture * 3600)
            if picture % 60 == 0 {
                // Less than a millisecond of rounding and jitter.
                let jitter = Double.random(in: -0.0004...0.0004, using: &generator) * (picture == 0 ? 0 : 1)
                #expect(line.reported(timestamp, at: Double(picture) / 25 + 10 + jitter) == 0)
            }
            #expect(line.time(of: timestamp) == Int64(picture) * 3600 + 900_000)
        }
    }

    @Test("What is off by half a second is a step, forth or back")
    func steps() {
        var line = TrackLine(clockRate: 1000)
        #expect(line.reported(0, at: 5) == 0)
        #expect(line.time(of: 1000) == 6000)
        #expect(line.reported(1000, at: 7) == 1)
        #expect(line.time(of: 1000) == 7000)
        #expect(line.reported(1000, at: 4) == -3)
        line.shift(by: 3)
        #expect(line.time(of: 1001) == 7001)
        #expect(line.reported(1001, at: -1e30) < 0)
        #expect(line.time(of: 1002) != nil)
    }
}
