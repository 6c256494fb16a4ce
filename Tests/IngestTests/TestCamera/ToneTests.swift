import Testing

@testable import Ingest

@Suite("Tone")
struct ToneTests {
    private func samples(of tone: Tone, from first: Int64, count: Int) -> [Float] {
        [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            tone.write(from: first, to: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
            initialized = count
        }
    }

    private func peak(_ samples: [Float]) -> Float {
        samples.reduce(0) { max($0, abs($1)) }
    }

    @Test("it beeps on the whole seconds of the wall clock, wherever sample 0 lies")
    func beeps() {
        // Sample 0 at x.75 s: the next whole second is a quarter of a second away.
        let tone = Tone(sampleRate: 48_000, startsAt: 1_700_000_000.75)
        #expect(peak(samples(of: tone, from: 0, count: 12_000)) < 0.05)
        #expect(peak(samples(of: tone, from: 12_000, count: 4_800)) > 0.2)
        #expect(peak(samples(of: tone, from: 16_800, count: 43_200)) < 0.05)
        #expect(peak(samples(of: tone, from: 60_000, count: 4_800)) > 0.2)
    }

    @Test("it never falls silent for a millisecond-long stretch of 5 ms")
    func neverSilent() {
        let tone = Tone(sampleRate: 48_000, startsAt: 0)
        for start in stride(from: Int64(0), to: 96_000, by: 240) {
            #expect(peak(samples(of: tone, from: start, count: 240)) > 0.02)
        }
    }

    @Test("pieces join without a seam, also over the second and before sample 0")
    func joins() {
        let tone = Tone(sampleRate: 48_000, startsAt: 0.3)
        let whole = samples(of: tone, from: -5000, count: 60_000)
        let pieces = stride(from: 0, to: 60_000, by: 1000).flatMap { start in
            samples(of: tone, from: Int64(start - 5000), count: 1000)
        }
        #expect(whole == pieces)
        // 1 kHz at 0.25 climbs by at most 0.033 a sample, 220 Hz at 0.03 by 0.001.
        #expect(zip(whole, whole.dropFirst()).allSatisfy { abs($0 - $1) < 0.035 })
    }

    @Test("a clock that is no number still sounds")
    func madClock() {
        #expect(peak(samples(of: Tone(sampleRate: 48_000, startsAt: .nan), from: .max - 99, count: 48)) > 0)
        #expect(peak(samples(of: Tone(sampleRate: 48_000, startsAt: .infinity), from: .min, count: 48)) > 0)
    }
}
