/// Times of frames of sound: from 90 kHz, which round and in a transport stream wrap, to running samples.
///
/// Frames follow each other without a gap or an overlap as long as the stream's times agree; a jump of theirs is one here.
struct SampleClock: Sendable, Equatable {
    /// Of one frame of AAC (ISO/IEC 14496-3 §4.5.1.1).
    static let samplesPerFrame: UInt32 = 1024
    /// Ticks a second of a transport stream.
    private static let ticks: Int64 = 90_000
    /// The anchor follows by whole minutes, which both clocks divide.
    private static let minute = 60 * ticks
    /// A frame this far from where it should be, as a part of a second, has jumped.
    private static let tolerance: Int32 = 20
    /// Of what the two clocks of a stream differ, this part is taken up with each frame.
    private static let drift: Int32 = 64

    let sampleRate: Int
    private var anchor: (ticks: Int64, samples: UInt32)?
    private var next: UInt32 = 0

    /// `sampleRate` in Hz.
    init(sampleRate: Int) {
        self.sampleRate = sampleRate
    }

    static func == (left: SampleClock, right: SampleClock) -> Bool {
        left.sampleRate == right.sampleRate && left.next == right.next
            && left.anchor?.ticks == right.anchor?.ticks && left.anchor?.samples == right.anchor?.samples
    }

    /// The RTP timestamp of the next frame, which is shown at `time` if the stream tells, and has so many samples.
    mutating func timestamp(ofFrameAt time: Int64?, lasting samples: UInt32 = samplesPerFrame) -> UInt32 {
        let timestamp = timestamp(at: time)
        next = timestamp &+ samples
        return timestamp
    }

    private mutating func timestamp(at time: Int64?) -> UInt32 {
        guard let time else { return next }
        guard anchor != nil else {
            anchor = (time, 0)
            return 0
        }
        follow(time)
        let told = samples(at: time) ?? next
        let step = Int32(bitPattern: told &- next)
        guard step.magnitude > UInt32(clamping: Int32(clamping: sampleRate) / Self.tolerance) else {
            return next &+ UInt32(bitPattern: step / Self.drift)
        }
        return told
    }

    /// The timestamp that belongs to a moment of the stream; `nil` before the first frame.
    func samples(at time: Int64) -> UInt32? {
        anchor.map { anchor in
            let elapsed = Self.distance(from: anchor.ticks, to: time)
            return anchor.samples &+ UInt32(truncatingIfNeeded: elapsed * Int64(sampleRate) / Self.ticks)
        }
    }

    private mutating func follow(_ time: Int64) {
        guard let known = anchor else { return }
        let minutes = Self.distance(from: known.ticks, to: time) / Self.minute
        guard minutes > 0 else { return }
        let samples = UInt32(truncatingIfNeeded: minutes * 60 * Int64(sampleRate))
        anchor = (known.ticks &+ minutes * Self.minute, known.samples &+ samples)
    }

    /// From one time of 33 bits to another, the short way round.
    static func distance(from earlier: Int64, to later: Int64) -> Int64 {
        ((later &- earlier) << 31) >> 31
    }
}
