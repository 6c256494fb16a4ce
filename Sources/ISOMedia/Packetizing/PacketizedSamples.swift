import Media
import NIOCore
import RTP

/// The samples of a track made into packets where they are asked for: a track without a hint track.
///
/// A sample is what the file has for one: a picture, a frame or several of sound. Of waveforms, whose samples are a byte or a few,
/// each packet stands for one: `PacketizedWaveform` has these.
package struct PacketizedSamples: PartedPackets {
    let format: MediaTrackFormat
    private(set) var track: MovieTrack
    let limit: Int
    private var span: PlayedSpan
    /// Of a track that is counted in packets, which then does it all.
    private var waveform: PacketizedWaveform?
    private var window: FileWindow
    private var cursor: SampleCursor
    /// What the cursor gave last: of the sample that is likely to be asked for next.
    private var upcoming: MovieSample?
    private var incomplete = 0

    /// Longer samples are none that anybody plays, in bytes.
    static let maximumSampleSize = 16 << 20

    /// `format` is the track's own; `bytes` are the movie's; `limit` is that of a payload, in bytes.
    package init(
        _ track: MovieTrack, format: MediaTrackFormat, in bytes: any RandomAccessBytes,
        limit: Int = MediaTrackFormat.maximumPayloadSize
    ) {
        self.track = track
        self.format = format
        self.limit = limit
        span = PlayedSpan(of: track)
        waveform = PacketizedWaveform(track, format: format, in: bytes, limit: limit)
        // Between pieces of sound mostly lie pictures, which would be read for nothing.
        window = FileWindow(bytes, readAhead: format.description.kind == .video ? 128 << 10 : 8 << 10)
        cursor = SampleCursor(track.samples)
        upcoming = cursor.next()
    }

    /// What plays all that the track's edit list shows.
    package static func whole(
        _ track: MovieTrack, format: MediaTrackFormat, in bytes: any RandomAccessBytes,
        limit: Int = MediaTrackFormat.maximumPayloadSize
    ) -> any TrackPackets {
        if track.edits.isSimple,
            let waveform = PacketizedWaveform(track, format: format, in: bytes, limit: limit)
        {
            return waveform
        }
        return EditedPackets.whole(PacketizedSamples(track, format: format, in: bytes, limit: limit))
    }

    /// Samples of which all or something could not be carried so far, as often as they were asked for; of waveforms, packets.
    package var leftOut: Int { waveform?.leftOut ?? incomplete }

    package var sampleCount: Int { waveform?.sampleCount ?? span.end }

    package func dueTime(ofSample index: Int) -> Int64 {
        waveform?.dueTime(ofSample: index) ?? decodingTime(ofSample: index)
    }

    private func decodingTime(ofSample index: Int) -> Int64 {
        track.edits.dueTime(ofMedia: sample(at: index)?.decodeTime ?? 0)
    }

    package func presentationTime(ofSample index: Int) -> Int64 {
        if let time = waveform?.presentationTime(ofSample: index) { return time }
        return track.edits.presentationTime(ofMedia: sample(at: index)?.compositionTime ?? 0)
    }

    package func rtpTime(at presentationTime: Int64) -> Int64 {
        MovieTime.convert(presentationTime, from: MovieTime.microseconds, to: UInt32(clamping: format.clockRate))
    }

    package func isSync(_ index: Int) -> Bool {
        waveform?.isSync(index) ?? track.samples.isSync(index)
    }

    package func syncSample(for time: Int64) -> Int {
        waveform?.syncSample(for: time) ?? span.syncSample(for: time, of: track)
    }

    package func syncSample(after index: Int) -> Int? {
        if let waveform { return waveform.syncSample(after: index) }
        return track.samples.syncIndex(after: index).flatMap { $0 < span.end ? $0 : nil }
    }

    package func syncSample(before index: Int) -> Int? {
        if let waveform { return waveform.syncSample(before: index) }
        return track.samples.syncIndex(before: min(index, span.end))
    }

    package mutating func write(sample index: Int, to batch: inout PacketBatch) throws(MovieError) {
        if waveform != nil {
            try waveform?.write(sample: index, to: &batch)
            return
        }
        guard index >= 0, index < sampleCount else { return }
        guard let sample = advance(to: index) else {
            throw .malformed(box: "stbl", at: 0, reason: "it names no place for sample \(index)")
        }
        guard sample.size > 0 else { return }
        guard let form = format.form(ofDescription: sample.descriptionIndex) else {
            incomplete += 1
            return
        }
        guard sample.size <= Self.maximumSampleSize else {
            throw .tooMuch("sample \(index) has \(sample.size) bytes")
        }
        let bytes = try window.read(at: sample.offset, count: sample.size, batch.reading)
        let shown = track.edits.presentationTime(ofMedia: sample.compositionTime)
        let moment = SampleMoment(
            due: track.edits.dueTime(ofMedia: sample.decodeTime), time: rtpTime(at: shown),
            payloadType: format.payloadType, isSync: sample.isSync
        )
        if !form.write(bytes, at: moment, limit: limit, to: &batch) { incomplete += 1 }
    }

    var edited: MovieTrack { track }

    var isPicture: Bool { format.description.kind == .video }

    func playing(_ part: Int, _ surroundings: EditSurroundings?) -> PacketizedSamples {
        var playing = self
        playing.track.edits = track.edits.part(part, surroundings)
        playing.span = PlayedSpan(of: playing.track)
        playing.waveform = waveform?.playing(playing.track.edits)
        return playing
    }

    /// Forgets what was read ahead: who pauses needs no memory.
    package mutating func release() {
        window.release()
        waveform?.release()
    }

    private func sample(at index: Int) -> MovieSample? {
        if let upcoming, upcoming.index == index { return upcoming }
        return track.samples.sample(at: index)
    }

    private mutating func advance(to index: Int) -> MovieSample? {
        if upcoming?.index != index {
            cursor.move(to: index)
            upcoming = cursor.next()
        }
        let sample = upcoming
        upcoming = cursor.next()
        return sample?.index == index ? sample : nil
    }
}

/// What the packets of a sample have in common.
struct SampleMoment: Sendable, Hashable {
    /// In microseconds of the presentation.
    var due: Int64
    /// In units of the RTP clock.
    var time: Int64
    var payloadType: UInt8
    var isSync: Bool
}
