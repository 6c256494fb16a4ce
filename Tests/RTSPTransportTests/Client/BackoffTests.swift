import NIOCore
import RTSPTransport
import Testing

@Suite struct BackoffTests {
    @Test("Pauses double up to the ceiling, and begin anew after a reset")
    func doubles() {
        var backoff = Backoff(base: .milliseconds(500), ceiling: .seconds(15))
        let bounds = (0..<7).map { _ in backoff.next(random: 1).nanoseconds / 1_000_000 }
        #expect(bounds == [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000])
        backoff.reset()
        #expect(backoff.next(random: 1) == .milliseconds(500))
    }

    @Test("Chance spreads a pause over all of its length but the first quarter second")
    func jitter() {
        var backoff = Backoff()
        _ = backoff.next(random: 0)
        #expect(backoff.next(random: 0) == .milliseconds(250))
        #expect(backoff.next(random: 0.5) == .milliseconds(1_125))
    }

    @Test("No number of attempts and no strange chance makes a pause too long or negative")
    func bounded() {
        var backoff = Backoff(base: .hours(24), ceiling: .hours(100_000))
        for random in [-1, 2, .nan, .infinity, 0.3] as [Double] {
            for _ in 0..<100 {
                let pause = backoff.next(random: random)
                #expect(pause >= .hours(12) && pause <= .hours(100_000))
            }
        }
    }
}
