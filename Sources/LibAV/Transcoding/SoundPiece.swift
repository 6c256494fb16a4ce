import CLibAV
import Media
import NIOCore

/// Makes some of the frames of a `SoundGrid`, the same whoever makes those before and behind.
///
/// Decoder, resampler and coder each begin before the first frame that counts, and go on behind the last, so that all they hold of the past
/// has faded, and what pieces have in common is the same in each: it is dropped. What is not given to it is silence.
/// Belongs to one thread at a time.
package final class SoundPiece {
    /// The samples of what goes in that it is made of.
    package let wanted: Range<Int64>
    /// Units that could not be decoded so far: they are silence.
    package private(set) var malformed = 0

    private let grid: SoundGrid
    private let frames: Range<Int64>
    private var heard: Range<Int64>
    private let decoder: DecoderContext
    private let encoder: AudioEncoder
    private var resampler: Resampler?
    /// The next sample that the resampler is given.
    private var next: Int64
    /// Where the unit that was decoded last ends.
    private var tail: Int64 = .min
    /// A frame as the resampler takes them.
    private var likeness: MediaFrame?
    /// What is not coded yet, channel by channel; the first of it is sample `start` of AAC's.
    private var samples: [[Float]]
    private var start: Int64
    /// The next frame that the coder is given.
    private var coding: Int64
    private var made: [EncodedAudioFrame] = []

    /// The encoder gives the frame that begins two before the one it is given.
    private static let lookAhead: Int64 = 2
    private static let frame = Int64(AudioEncoder.samplesPerFrame)
    /// A unit's sound goes behind that of the last, if that is not so many parts of a second off: where decoders hold some back, it does.
    private static let slackPart: Int64 = 100
    /// Bytes of a unit.
    private static let mostBytes = 16 << 20
    /// Of silence at once.
    private static let longestSilence: Int64 = 4096

    /// `heard` are the samples of what goes in that there are; before and behind is silence. Throws what libav throws.
    package init(_ grid: SoundGrid, frames: Range<Int64>, heard: Range<Int64>) throws(LibAVError) {
        self.grid = grid
        self.frames = frames
        self.heard = heard
        decoder = try grid.format.open()
        encoder = try grid.format.encoder()
        coding = frames.lowerBound - SoundGrid.codingRunUp
        // A sample of what goes in and one of AAC fall together once in so many of each; there the resampler begins, so that it always
        // comes out in the same step.
        let (rate, coded) = (Int64(grid.sampleRate), Int64(grid.track.clockRate))
        let divisor = Self.greatestCommonDivisor(rate, coded)
        let (step, codedStep) = (rate / divisor, coded / divisor)
        let margin = 64 * (rate / coded + 1)
        let first = SoundGrid.floor(coding * Self.frame, by: rate, over: coded) - margin
        let block = SoundGrid.floor(first, by: 1, over: step)
        let end = SoundGrid.floor((frames.upperBound + Self.lookAhead) * Self.frame, by: rate, over: coded) + margin
        wanted = block * step..<max(block * step, end)
        next = wanted.lowerBound
        start = block * codedStep
        samples = Array(repeating: [], count: grid.format.codedChannels)
    }

    private static func greatestCommonDivisor(_ first: Int64, _ second: Int64) -> Int64 {
        second == 0 ? max(first, 1) : greatestCommonDivisor(second, first % second)
    }

    /// What is taken from here on is heard within `heard` alone, behind what was heard before, and does not go on from that.
    package func begin(_ heard: Range<Int64>) {
        self.heard = heard
        tail = .min
    }

    /// Takes one unit, whose sound begins at `position` in samples of what goes in; units come in order.
    ///
    /// One that cannot be decoded is left out. Throws where libav itself fails.
    package func take(_ payload: ByteBuffer, at position: Int64) throws(LibAVError) {
        guard (1...Self.mostBytes).contains(payload.readableBytes) else {
            malformed &+= 1
            return
        }
        var failure: LibAVError?
        var place = position
        do throws(LibAVError) {
            try decoder.decode(payload) { frame throws(LibAVError) in
                let count = Int64(frame.pointee.nb_samples)
                do throws(LibAVError) {
                    try take(frame, at: place)
                } catch {
                    failure = error
                }
                place += count
            }
        } catch {
            malformed &+= 1
        }
        if let failure { throw failure }
    }

    private func take(_ frame: UnsafeMutablePointer<AVFrame>, at position: Int64) throws(LibAVError) {
        guard frame.pointee.sample_rate == Int32(grid.sampleRate), frame.pointee.nb_samples > 0,
            likeness.map({ $0.pointer.isLike(frame) }) ?? (frame.pointee.ch_layout.nb_channels > 0)
        else {
            malformed &+= 1
            return
        }
        if likeness == nil {
            likeness = try .silence(1, like: frame)
            resampler = try Resampler(
                for: frame, sampleRate: grid.track.clockRate, channels: grid.format.codedChannels)
        }
        let isNext = tail != .min && abs(tail - position) <= Int64(grid.sampleRate) / Self.slackPart
        let place = isNext ? tail : position
        let count = Int64(frame.pointee.nb_samples)
        tail = place + count
        let first = max(place, next, heard.lowerBound)
        let end = min(place + count, wanted.upperBound, heard.upperBound)
        guard first < end else { return }
        try beSilent(to: first)
        if first > place { frame.skip(Int(first - place)) }
        frame.pointee.nb_samples = Int32(end - first)
        next = end
        try give(frame)
    }

    private func beSilent(to end: Int64) throws(LibAVError) {
        guard let likeness else { return }
        while next < end {
            let count = min(end - next, Self.longestSilence)
            let silence = try MediaFrame.silence(Int(count), like: likeness.pointer)
            next += count
            try give(silence.pointer)
        }
    }

    private func give(_ frame: UnsafeMutablePointer<AVFrame>) throws(LibAVError) {
        try resampler?.convert(frame) { samples[$0] += $1 }
        try encode(isLast: false)
    }

    /// The frames, in order; each is 1024 samples after the one before. Nothing more is to be taken after that.
    package func finish() throws(LibAVError) -> [EncodedAudioFrame] {
        try beSilent(to: wanted.upperBound)
        try encode(isLast: true)
        return made
    }

    /// With `isLast` what is missing is silence.
    private func encode(isLast: Bool) throws(LibAVError) {
        while coding < frames.upperBound + Self.lookAhead {
            let first = Int(coding * Self.frame - start)
            guard isLast || samples[0].count >= first + AudioEncoder.samplesPerFrame else { break }
            made += try encoder.encode(firstSample: coding * Self.frame) { channel, frame in
                for index in frame.indices {
                    let place = first + index
                    frame[index] = samples[channel].indices.contains(place) ? samples[channel][place] : 0
                }
            }.filter { frames.contains(SoundGrid.floor($0.timestamp, by: 1, over: Self.frame)) }
            coding += 1
        }
        let taken = min(max(0, Int(coding * Self.frame - start)), samples[0].count)
        for channel in samples.indices { samples[channel].removeFirst(taken) }
        start += Int64(taken)
    }
}

extension UnsafeMutablePointer<AVFrame> {
    /// Samples of the same form.
    fileprivate func isLike(_ other: Self) -> Bool {
        pointee.format == other.pointee.format
            && av_channel_layout_compare(&pointee.ch_layout, &other.pointee.ch_layout) == 0
    }
}
