/// Decides where each unit's sound goes in a stream of samples that are counted, while the units' times waver.
///
/// Times that run ahead or behind by up to `largestJitter` are not followed one by one: of each `block` their mean is taken,
/// and the sound is stretched a little, or where that is too slow a piece of silence put in or a piece left out. What lies
/// further ahead is a gap and stays one; what lies further behind has been heard already and is left out.
struct SoundTimeline {
    /// What becomes of a unit.
    enum Placement: Hashable {
        /// The first unit, or the first after a gap: it begins at this sample of the output.
        case begins(at: Int64)
        /// It goes on behind the last, after so many samples of silence. `stretch` samples are to be made more (or fewer) of
        /// the next `within` of the output.
        case follows(silence: Int, stretch: Int, within: Int)
        /// So many of its samples are left out at its beginning, perhaps all.
        case overlaps(skipping: Int)
    }

    /// Of the input's clock, of what is decoded and of what comes out, in Hz.
    private let clockRate, inputRate, outputRate: Int64
    /// Where the next unit's sound would begin, in samples of the output. `nil` before the first.
    private var position: Int64?
    /// What the division to samples of the output leaves over.
    private var remainder: Int64 = 0
    /// Since the last correction: units, samples of the input, and the sum of what they were ahead in samples of the output.
    private var block: (units: Int, samples: Int, ahead: Int64) = (0, 0, 0)
    /// Units come that were heard already: they are left out to the last sample.
    private var isBehind = false

    /// Milliseconds.
    private static let largestJitter: Int64 = 100
    /// Off by more than this in the mean is mended at once, milliseconds: a lip's movement before it is seen.
    private static let largestOffset: Int64 = 12
    /// Units in a block at least, and how many parts of a second they last at least.
    private static let blockUnits = 16, blocksPerSecond = 3
    /// A part of so many can be stretched in a block and not be heard.
    private static let stretchPart = 200
    /// Times beyond are nonsense.
    private static let largestTime: Int64 = 1 << 50

    init(clockRate: Int, inputRate: Int, outputRate: Int) {
        self.clockRate = Int64(clockRate)
        self.inputRate = Int64(inputRate)
        self.outputRate = Int64(outputRate)
    }

    /// A unit of `samples` decoded samples came with a `time` on the input's clock; `nil` for a time that is none.
    mutating func unitCame(time: Int64, samples: Int) -> Placement? {
        guard time.magnitude < UInt64(Self.largestTime), samples > 0 else { return nil }
        let wanted = Self.scaled(time, by: outputRate, over: clockRate)
        guard let position else { return begin(at: wanted, samples) }
        let ahead = wanted - position
        let jitter = outputRate * Self.largestJitter / 1000
        if ahead > jitter { return begin(at: wanted, samples) }
        if ahead < -jitter || isBehind && ahead < 0 { return skip(-ahead, of: samples) }
        isBehind = false
        block = (block.units + 1, block.samples + samples, block.ahead + ahead)
        guard block.units >= Self.blockUnits, block.samples * Self.blocksPerSecond >= Int(inputRate) else {
            advance(by: samples)
            return .follows(silence: 0, stretch: 0, within: 0)
        }
        return correct(samples)
    }

    private mutating func begin(at start: Int64, _ samples: Int) -> Placement {
        position = start
        remainder = 0
        isBehind = false
        block = (0, 0, 0)
        advance(by: samples)
        return .begins(at: start)
    }

    private mutating func skip(_ behind: Int64, of samples: Int) -> Placement {
        let skipped = Int(min(Self.scaled(behind, by: inputRate, over: outputRate), Int64(samples)))
        advance(by: samples - skipped)
        isBehind = skipped == samples
        return .overlaps(skipping: skipped)
    }

    private mutating func correct(_ samples: Int) -> Placement {
        let mean = block.ahead / Int64(block.units)
        let length = Self.scaled(Int64(block.samples), by: outputRate, over: inputRate)
        block = (0, 0, 0)
        let offset = outputRate * Self.largestOffset / 1000
        if mean < -offset { return skip(-mean, of: samples) }
        let silence = mean > offset ? mean : 0
        let most = length / Int64(Self.stretchPart)
        let stretch = silence > 0 ? 0 : min(max(mean, -most), most)
        position = position.map { $0 + silence + stretch }
        advance(by: samples)
        return .follows(silence: Int(silence), stretch: Int(stretch), within: Int(length))
    }

    private mutating func advance(by samples: Int) {
        let (quotient, rest) = (Int64(samples) * outputRate + remainder).quotientAndRemainder(dividingBy: inputRate)
        position = position.map { $0 + quotient }
        remainder = rest
    }

    /// Without overflow for times within `largestTime`.
    private static func scaled(_ value: Int64, by factor: Int64, over divisor: Int64) -> Int64 {
        let (whole, rest) = value.quotientAndRemainder(dividingBy: divisor)
        return whole &* factor + rest * factor / divisor
    }
}
