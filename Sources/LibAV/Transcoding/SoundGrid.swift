import Media

/// Frames of AAC in the place of other sound, on a grid that is fixed for all of it: frame n is heard from sample 1024 n on.
///
/// So any piece of it can be made by itself (`SoundPiece`), and pieces fit together. Samples and frames are counted from moment 0.
package struct SoundGrid: Sendable {
    /// The AAC that comes out; its clock is the sampling rate.
    package let track: MuxedTrack
    /// Of what goes in, in Hz.
    package let sampleRate: Int
    /// What is to be decoded before the first sample that counts, in samples of what goes in.
    package let decodingRunUp: Int
    let format: SoundFormat

    /// Of a coder, in frames: what it decides for a frame depends on those before, but not for long.
    static let codingRunUp: Int64 = 8
    /// The frame before is what the first one is decoded with.
    private static let framesBefore: Int64 = 1
    private static let frame = Int64(AudioEncoder.samplesPerFrame)

    /// `format` is sound as files have it, `sampleRate` that of what is heard, in Hz. Throws for what cannot be decoded here, and where this
    /// libavcodec lacks a part.
    package init(from format: TrackFormat, sampleRate: Int, channels: Int) throws(LibAVError) {
        guard let known = SoundFormat(stored: format, sampleRate: sampleRate, channels: channels) else {
            throw LibAVError(
                "make AAC of \(format.codec) with \(channels) channels, \(sampleRate) samples a second",
                because: "it is none of G.711, PCM, MPEG audio, AMR, Opus and AAC in one to eight channels")
        }
        self.format = known
        self.sampleRate = sampleRate
        decodingRunUp = known.decodingRunUp
        _ = try known.open()
        track = MuxedTrack(
            codec: .aac, configuration: try known.encoder().configuration, clockRate: known.codedRate,
            channels: known.codedChannels)
    }

    /// What a frame takes on the average, in bytes.
    package var bytesPerFrame: Int {
        (format.codedBitRate * AudioEncoder.samplesPerFrame / format.codedRate + 7) / 8
    }

    /// Samples of AAC in a frame.
    package var samplesPerFrame: Int64 { Self.frame }

    /// The first frame that begins at a time or later, in microseconds.
    package func frame(notBefore time: Int64) -> Int64 {
        -Self.floor(-time, by: Int64(track.clockRate), over: 1_000_000 * Self.frame)
    }

    /// When a frame begins, in microseconds.
    package func microseconds(ofFrame frame: Int64) -> Int64 {
        Self.floor(frame, by: 1_000_000 * Self.frame, over: Int64(track.clockRate))
    }

    /// The frames that sound is heard in, with the one before.
    package func frames(hearing samples: Range<Int64>) -> Range<Int64> {
        let (into, over) = (Int64(track.clockRate), Int64(sampleRate) * Self.frame)
        let first = Self.floor(samples.lowerBound, by: into, over: over)
        let end = -Self.floor(-samples.upperBound, by: into, over: over)
        return first - Self.framesBefore..<max(first, end)
    }

    /// `value * factor / divisor`, rounded down; for times of a week without overflow.
    static func floor(_ value: Int64, by factor: Int64, over divisor: Int64) -> Int64 {
        let (whole, rest) = value.quotientAndRemainder(dividingBy: divisor)
        let part = rest * factor
        return whole * factor + (part >= 0 ? part / divisor : -((-part + divisor - 1) / divisor))
    }
}

extension SoundFormat {
    /// AAC's encoder for it.
    func encoder() throws(LibAVError) -> AudioEncoder {
        try AudioEncoder(sampleRate: codedRate, channels: codedChannels, bitRate: codedBitRate)
    }
}
