import Media
import NIOCore
import RTP

/// How samples of sound that is decoded are counted, and taken apart for a decoder.
package struct SoundUnits: Sendable {
    /// Of what is heard, in Hz.
    package let sampleRate: Int
    /// `nil` for all but MPEG audio.
    package let mpeg: MPEGAudioHeader?
    /// A sample of the file is of so many samples of sound, once or several times.
    private let step: Int
    private let timescale: UInt32
    private let form: SampleForm

    /// More are in no sample that anybody means, in seconds.
    private static let longest = 10

    /// `nil` for what is no sound, and for AAC that is played in one part. Throws `.nothingToPlay` for MPEG audio that does not begin with a frame; others where
    /// the file cannot be read. Blocks.
    init?(
        _ form: SampleForm, _ track: MovieTrack, _ format: TrackFormat, in bytes: any RandomAccessBytes
    ) throws(MovieError) {
        var mpeg: MPEGAudioHeader?
        switch form {
        case .mpegAudio:
            guard let first = track.samples.sample(at: 0), first.size >= MPEGAudioHeader.length,
                let word: UInt32 = try bytes.read(at: first.offset, count: MPEGAudioHeader.length).getInteger(at: 0),
                let header = MPEGAudioHeader(word)
            else { throw .nothingToPlay("its first sample is no frame of MPEG audio") }
            (sampleRate, step) = (header.sampleRate, header.samplesPerFrame)
            mpeg = header
        case .amr(let isWideband):
            sampleRate = AMRPacketizer.clockRate(isWideband: isWideband)
            step = sampleRate / 50
        case .opus:
            // 2.5 ms (RFC 6716 §2.1.4).
            (sampleRate, step) = (48_000, 120)
        case .waveform(let form): (sampleRate, step) = (form.sampleRate, 1)
        case .aac:
            guard !track.edits.isSimple, case .aac(let bytes) = format.configuration,
                let known = AudioSpecificConfig(parsing: bytes)
            else { return nil }
            let rate = known.extensionSampleRate ?? known.sampleRate
            (sampleRate, step) = (rate, known.extensionSampleRate == nil ? 1024 : 2048)
        case .nalUnits, .mpeg4Visual, .h263, .jpeg: return nil
        }
        self.mpeg = mpeg
        self.form = form
        timescale = track.timescale
    }

    /// How many samples of sound are in a sample of the file, by what its tables tell.
    package func count(in sample: MovieSample) -> Int {
        if case .waveform(let form) = form { return sample.size / form.bytesPerFrame }
        let told = MovieTime.convert(sample.duration, from: timescale, to: UInt32(clamping: sampleRate))
        let bounded = Int(min(max(0, told), Int64(sampleRate * Self.longest)))
        return max(1, (bounded + step / 2) / step) * step
    }

    /// The frames in a payload, each as a decoder takes it; what stands behind a broken one is left out.
    package func frames(in payload: ByteBuffer) -> [ByteBuffer] {
        guard case .amr(let isWideband) = form else { return [payload] }
        var rest = payload
        var frames: [ByteBuffer] = []
        while let frame = AMRPacketizer.readFrame(from: &rest, isWideband: isWideband) { frames.append(frame) }
        return frames
    }
}
