import Testing

@testable import Load

@Suite("Interarrival jitter")
struct InterarrivalJitterTests {
    @Test("packets as far apart here as at the sender have none, across the wrap of the timestamp as well")
    func even() {
        var jitter = InterarrivalJitter()
        var timestamp = UInt32.max - 7200
        for picture in 0..<100 {
            jitter.receive(timestamp: timestamp, clockRate: 90_000, arrival: UInt64(picture) * 40_000_000)
            timestamp &+= 3600
        }
        #expect(jitter.nanoseconds < 1)
    }

    @Test("a constant difference of spacing is what it comes to")
    func alternating() {
        var jitter = InterarrivalJitter()
        for picture in 0..<400 {
            let late: UInt64 = picture % 2 == 0 ? 0 : 3_000_000
            jitter.receive(
                timestamp: UInt32(picture) * 3600, clockRate: 90_000, arrival: UInt64(picture) * 40_000_000 + late)
        }
        #expect(abs(jitter.nanoseconds - 3_000_000) < 1000)
    }

    @Test("a clock that jumps, and one without a rate, add nothing")
    func jump() {
        var jitter = InterarrivalJitter()
        jitter.receive(timestamp: 0, clockRate: 90_000, arrival: 0)
        jitter.receive(timestamp: 90_000 * 3600, clockRate: 90_000, arrival: 40_000_000)
        jitter.receive(timestamp: 0, clockRate: 0, arrival: 80_000_000)
        #expect(jitter.nanoseconds == 0)
    }
}
