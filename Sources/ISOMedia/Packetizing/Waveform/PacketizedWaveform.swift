import Media
import NIOCore

/// Uncompressed sound, or G.711, made into packets of 20 ms: each stands for a sample here, for those of the file are a byte or a few.
package struct PacketizedWaveform: TrackPackets {
    private let format: MediaTrackFormat
    private var track: MovieTrack
    private let form: WaveformForm
    private let framesPerPacket: Int
    /// The first frame that packets are counted from, and the one behind the last one.
    private var begin = 0
    private var end: Int
    private var window: FileWindow
    /// Packets that lack something, for it is described as something else.
    package private(set) var leftOut = 0

    /// `nil` for a track that is none, or has many frames to the sample: `PacketizedSamples` takes these.
    package init?(
        _ track: MovieTrack, format: MediaTrackFormat, in bytes: any RandomAccessBytes,
        limit: Int = MediaTrackFormat.maximumPayloadSize
    ) {
        guard case .waveform(let form)? = format.forms.lazy.compactMap({ $0 }).first,
            track.samples.uniformSampleSize == form.bytesPerFrame, track.samples.run(from: 0, maximum: 1) != nil
        else { return nil }
        self.form = form
        self.track = track
        self.format = format
        framesPerPacket = form.framesPerPacket(limit: limit)
        end = PlayedSpan(of: track).end
        window = FileWindow(bytes, readAhead: 16 << 10)
    }

    package var sampleCount: Int { (max(0, end - begin) + framesPerPacket - 1) / framesPerPacket }

    package func dueTime(ofSample index: Int) -> Int64 {
        let frame = begin + max(0, min(index, sampleCount)) * framesPerPacket
        return track.edits.dueTime(ofMedia: track.samples.sample(at: min(frame, end - 1))?.decodeTime ?? 0)
    }

    package func presentationTime(ofSample index: Int) -> Int64 {
        dueTime(ofSample: index)
    }

    package func rtpTime(at presentationTime: Int64) -> Int64 {
        MovieTime.convert(presentationTime, from: MovieTime.microseconds, to: UInt32(clamping: format.clockRate))
    }

    package func isSync(_ index: Int) -> Bool {
        index >= 0 && index < sampleCount
    }

    package func syncSample(for time: Int64) -> Int {
        let frame = track.samples.index(decodedAt: track.edits.mediaTime(atPresentation: time))
        return max(0, min((frame - begin) / framesPerPacket, sampleCount - 1))
    }

    package func syncSample(after index: Int) -> Int? {
        index < sampleCount - 1 ? max(0, index + 1) : nil
    }

    package func syncSample(before index: Int) -> Int? {
        index > 0 ? min(index, sampleCount) - 1 : nil
    }

    package mutating func write(sample index: Int, to batch: inout PacketBatch) throws(MovieError) {
        guard isSync(index) else { return }
        let due = dueTime(ofSample: index)
        batch.begin(
            due: due, at: rtpTime(at: due), payloadType: format.payloadType, marker: false, traits: .startsRandomAccess)
        let start = begin + index * framesPerPacket
        do {
            try append(frames: start..<min(start + framesPerPacket, end), to: &batch)
        } catch {
            batch.cancel()
            throw error
        }
        batch.end()
    }

    /// Forgets what was read ahead.
    package mutating func release() {
        window.release()
    }

    /// The same, of one part: from its very first frame on.
    func playing(_ part: EditList) -> PacketizedWaveform {
        var playing = self
        playing.track.edits = part
        playing.begin = track.samples.index(decodedAt: part.mediaStart)
        playing.end = max(playing.begin, PlayedSpan(of: playing.track).end)
        return playing
    }

    /// As many runs as there are chunks.
    private mutating func append(frames: Range<Int>, to batch: inout PacketBatch) throws(MovieError) {
        var next = frames.lowerBound
        var isWhole = true
        while next < frames.upperBound {
            guard let run = track.samples.run(from: next, maximum: frames.upperBound - next), run.count > 0 else {
                throw .malformed(box: "stbl", at: 0, reason: "it names no place for sample \(next)")
            }
            let bytes = try window.read(at: run.offset, count: run.bytes, batch.reading)
            if case .waveform(let form)? = format.form(ofDescription: run.descriptionIndex) {
                bytes.withUnsafeReadableBytes { form.append($0, to: &batch) }
            } else {
                isWhole = false
            }
            next += run.count
        }
        if !isWhole { leftOut += 1 }
    }
}
