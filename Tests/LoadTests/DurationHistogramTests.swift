import Testing

@testable import Load

@Suite("A histogram of durations")
struct DurationHistogramTests {
    @Test("percentiles are within two percent, over nine orders of magnitude")
    func percentiles() throws {
        for scale in [UInt64(1), 1_000, 1_000_000, 100_000_000] {
            var histogram = DurationHistogram()
            for value in 1...1000 { histogram.record(UInt64(value) * scale) }
            for (share, expected) in [(0.5, 500.0), (0.95, 950.0), (0.99, 990.0)] {
                let found = Double(try #require(histogram.percentile(share))) / Double(scale)
                #expect(abs(found - expected) <= expected * 0.02)
            }
            #expect(histogram.largest == 1000 * scale)
            #expect(histogram.percentile(1) == 1000 * scale)
        }
    }

    @Test("one duration is every percentile, and none has no percentile")
    func few() {
        var histogram = DurationHistogram()
        #expect(histogram.percentile(0.5) == nil)
        histogram.record(7)
        #expect([0, 0.5, 1].map { histogram.percentile($0) } == [7, 7, 7])
    }

    @Test("no duration is too long or too short")
    func extremes() {
        var histogram = DurationHistogram()
        histogram.record(0)
        histogram.record(.max)
        histogram.record(1 << 41)
        #expect(histogram.count == 3)
        #expect(histogram.percentile(0) == 0)
        #expect(histogram.largest == .max)
    }

    @Test("two of them added are as if one had counted everything")
    func added() {
        var all = DurationHistogram()
        var odd = DurationHistogram()
        var even = DurationHistogram()
        for value in UInt64(1)...5000 {
            all.record(value * 977)
            if value % 2 == 0 { even.record(value * 977) } else { odd.record(value * 977) }
        }
        odd.add(even)
        #expect(
            [0.1, 0.5, 0.9, 0.999].map { odd.percentile($0) } == [0.1, 0.5, 0.9, 0.999].map { all.percentile($0) })
        #expect((odd.count, odd.largest) == (all.count, all.largest))
    }
}
