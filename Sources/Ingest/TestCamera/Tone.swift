import Foundation

/// The sound of the test camera: a soft continuous 220 Hz, so that a gap is heard, and a 1 kHz beep at the start of
/// each second, so that sound and picture can be held against each other.
struct Tone {
    /// One second of sound; both frequencies are whole, so that it repeats without a seam.
    private let second: [Float]
    /// Where in a second the stream's sample 0 lies, in samples.
    private let offset: Int64

    /// - Parameters:
    ///   - sampleRate: samples per second.
    ///   - startsAt: the wall clock of sample 0, in seconds since 1970; the beeps fall on its whole seconds.
    init(sampleRate: Int, startsAt: Double) {
        let rate = Double(sampleRate)
        let beep = TestCard.beepDuration
        second = (0..<sampleRate).map { index in
            let time = Double(index) / rate
            let ground = 0.03 * sin(2 * .pi * 220 * time)
            // Rises and falls within 5 ms: a hard edge would click.
            let loudness = max(0, min(1, time / 0.005, (beep - time) / 0.005))
            return Float(ground + 0.25 * loudness * sin(2 * .pi * 1000 * time))
        }
        let fraction = startsAt.isFinite ? startsAt - startsAt.rounded(.down) : 0
        offset = Int64(fraction * rate)
    }

    /// Writes the samples from `firstSample` on.
    func write(from firstSample: Int64, to samples: UnsafeMutableBufferPointer<Float>) {
        let period = Int64(second.count)
        let start = (firstSample % period + offset) % period
        var position = Int(start < 0 ? start + period : start)
        for index in samples.indices {
            samples[index] = second[position]
            position = position + 1 == second.count ? 0 : position + 1
        }
    }
}
