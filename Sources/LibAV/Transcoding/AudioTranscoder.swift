import CLibAV
import Media
import NIOCore

/// Makes AAC-LC, which every phone and browser plays, of the sound of cameras: G.711, G.722, G.726, L16 and Opus.
///
/// Times are kept: gaps of more than 100 ms stay gaps, times that waver are smoothed, and sound is within 20 ms of where
/// it was. What comes out ends some two frames of AAC before what went in (128 ms at 16 kHz).
/// After a discontinuity a new one is to be taken: sound that lies before what came already is left out.
/// Belongs to one thread at a time.
package final class AudioTranscoder {
    /// The AAC that comes out; its clock is the sampling rate.
    package let track: MuxedTrack
    /// Units that could not be decoded so far, and were left out.
    package private(set) var malformed = 0

    private let format: SoundFormat
    private let decoder: DecoderContext
    private let encoder: AudioEncoder
    private var timeline: SoundTimeline
    private var resampler: Resampler?
    /// What is not coded yet, channel by channel; the first of it is sample `start`.
    private var samples: [[Float]]
    private var start: Int64 = 0
    /// The first sample of all: what the encoder puts before it is its run-up.
    private var beginning: Int64?
    /// The first sample that the encoder was not given yet.
    private var coded: Int64 = .min
    /// The newest unit's first sample and wall clock, of the sound since the last gap and of that before it.
    private var newest: (time: Int64, wallClock: Int64) = (0, 0)
    private var newestBeforeGap: (time: Int64, wallClock: Int64) = (0, 0)
    /// The first sample since the last gap.
    private var runBeginning: Int64 = 0

    /// Bytes of a unit: more does not fit into a packet, and there is no sense in seconds of sound.
    private static let mostBytes = 65_536

    /// Throws for what cannot be decoded here, and where this libavcodec lacks a part.
    package init(from format: TrackFormat) throws(LibAVError) {
        guard let known = SoundFormat(format) else {
            throw LibAVError(
                "make AAC of \(format.codec)",
                because: "it is none of G.711, G.722, G.726, L16 and Opus in one or two channels")
        }
        self.format = known
        decoder = try known.open()
        encoder = try AudioEncoder(
            sampleRate: known.codedRate, channels: known.channels, bitRate: known.codedBitRate)
        timeline = SoundTimeline(
            clockRate: format.clockRate ?? 8000, inputRate: known.sampleRate, outputRate: known.codedRate)
        samples = Array(repeating: [], count: known.channels)
        track = MuxedTrack(
            codec: .aac, configuration: encoder.configuration, clockRate: known.codedRate, channels: known.channels)
    }

    /// Takes one unit and returns the frames that are ready, none to several; `track` in them is that of the unit.
    ///
    /// A unit that cannot be decoded is left out. Throws where libav itself fails.
    package func transcode(_ unit: AccessUnit) throws(LibAVError) -> [AccessUnit] {
        guard (1...Self.mostBytes).contains(unit.payload.readableBytes) else {
            malformed &+= 1
            return []
        }
        var frames: [EncodedAudioFrame] = []
        var failure: LibAVError?
        var isFirst = true
        do throws(LibAVError) {
            try decoder.decode(unit.payload) { frame throws(LibAVError) in
                // A unit is one frame of each of these codecs.
                guard isFirst else { return }
                isFirst = false
                do throws(LibAVError) {
                    frames += try take(frame, of: unit)
                } catch {
                    failure = error
                }
            }
        } catch {
            malformed &+= 1
        }
        if let failure { throw failure }
        return frames.compactMap { accessUnit($0, after: unit) }
    }

    private func take(
        _ frame: UnsafeMutablePointer<AVFrame>, of unit: AccessUnit
    ) throws(LibAVError) -> [EncodedAudioFrame] {
        let count = Int(frame.pointee.nb_samples)
        guard frame.pointee.sample_rate == Int32(format.sampleRate), frame.pointee.ch_layout.nb_channels > 0,
            let placement = timeline.unitCame(time: unit.presentationTime, samples: count)
        else {
            malformed &+= 1
            return []
        }
        var frames: [EncodedAudioFrame] = []
        switch placement {
        case .begins(let first):
            frames = try finishRun()
            start = max(first, coded)
            beginning = beginning ?? start
            runBeginning = start
            newestBeforeGap = newest
        case .follows(let silence, let stretch, let within):
            if silence > 0 {
                try takeRest()
                for channel in samples.indices { samples[channel] += repeatElement(0, count: silence) }
            }
            if stretch != 0 { resampler?.stretch(by: stretch, within: within) }
        case .overlaps(let skipped):
            guard skipped < count else { return [] }
            frame.skip(skipped)
        }
        newest = (start + Int64(samples[0].count), unit.wallClock)
        if resampler == nil {
            resampler = try Resampler(for: frame, sampleRate: encoder.sampleRate, channels: samples.count)
        }
        try resampler?.convert(frame) { samples[$0] += $1 }
        return try frames + encodeWhole()
    }

    /// Ends what comes before a gap, with silence behind it up to a whole frame.
    private func finishRun() throws(LibAVError) -> [EncodedAudioFrame] {
        try takeRest()
        let over = samples[0].count % AudioEncoder.samplesPerFrame
        if over > 0 {
            for channel in samples.indices {
                samples[channel] += repeatElement(0, count: AudioEncoder.samplesPerFrame - over)
            }
        }
        return try encodeWhole()
    }

    /// Takes out what the resampler holds back; the next sound gets a new one.
    private func takeRest() throws(LibAVError) {
        try resampler?.convert(nil) { samples[$0] += $1 }
        resampler = nil
    }

    private func encodeWhole() throws(LibAVError) -> [EncodedAudioFrame] {
        var frames: [EncodedAudioFrame] = []
        var taken = 0
        while samples[0].count - taken >= AudioEncoder.samplesPerFrame {
            frames += try encoder.encode(firstSample: start) { channel, frame in
                _ = frame.update(fromContentsOf: samples[channel][taken..<taken + frame.count])
            }
            taken += AudioEncoder.samplesPerFrame
            start += Int64(AudioEncoder.samplesPerFrame)
            coded = start
        }
        for channel in samples.indices { samples[channel].removeFirst(taken) }
        return frames
    }

    private func accessUnit(_ frame: EncodedAudioFrame, after unit: AccessUnit) -> AccessUnit? {
        guard let beginning, frame.timestamp >= beginning else { return nil }
        let known = frame.timestamp < runBeginning ? newestBeforeGap : newest
        let age = (known.time - frame.timestamp) &* 1_000_000_000 / Int64(encoder.sampleRate)
        return AccessUnit(
            track: unit.track, decodeTime: frame.timestamp, presentationTime: frame.timestamp,
            duration: Int64(AudioEncoder.samplesPerFrame), wallClock: known.wallClock &- age, isRandomAccess: true,
            payload: frame.bytes)
    }
}
