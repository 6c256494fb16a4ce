import Media
import NIOCore
import RTP

/// The samples of a track made into packets where they are asked for: a track without a hint track.
///
/// A sample is what the file has for one: a picture, a frame or several of sound. Of waveforms, whose samples are a byte or a few,
/// a packet stands for one: see `PacketizedWaveform`.
package struct PacketizedSamples: TrackPackets {
    let format: MediaTrackFormat
    let track: MovieTrack
    let limit: Int
    private let span: PlayedSpan
    private var window: FileWindow
    private var cursor: SampleCursor
    /// What the cursor gave last: of the sample that is likely to be asked for next.
    private var upcoming: MovieSample?

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
        // Between pieces of sound mostly lie pictures, which would be read for nothing.
        window = FileWindow(bytes, readAhead: format.description.kind == .video ? 128 << 10 : 8 << 10)
        cursor = SampleCursor(track.samples)
        upcoming = cursor.next()
    }

    package var sampleCount: Int { span.end }

    package func dueTime(ofSample index: Int) -> Int64 {
        track.edits.presentationTime(ofMedia: sample(at: index)?.decodeTime ?? 0)
    }

    package func presentationTime(ofSample index: Int) -> Int64 {
        track.edits.presentationTime(ofMedia: sample(at: index)?.compositionTime ?? 0)
    }

    package func rtpTime(at presentationTime: Int64) -> Int64 {
        MovieTime.convert(presentationTime, from: MovieTime.microseconds, to: UInt32(clamping: format.clockRate))
    }

    package func isSync(_ index: Int) -> Bool {
        track.samples.isSync(index)
    }

    package func syncSample(for time: Int64) -> Int {
        span.syncSample(for: time, of: track)
    }

    package func syncSample(after index: Int) -> Int? {
        track.samples.syncIndex(after: index).flatMap { $0 < span.end ? $0 : nil }
    }

    package func syncSample(before index: Int) -> Int? {
        track.samples.syncIndex(before: min(index, span.end))
    }

    package mutating func write(sample index: Int, to batch: inout PacketBatch) throws(MovieError) {
        guard index >= 0, index < sampleCount else { return }
        guard let sample = advance(to: index) else {
            throw .malformed(box: "stbl", at: 0, reason: "it names no place for sample \(index)")
        }
        guard let form = format.form(ofDescription: sample.descriptionIndex), sample.size > 0 else { return }
        guard sample.size <= Self.maximumSampleSize else {
            throw .tooMuch("sample \(index) has \(sample.size) bytes")
        }
        let bytes = try window.read(at: sample.offset, count: sample.size)
        let shown = track.edits.presentationTime(ofMedia: sample.compositionTime)
        let moment = SampleMoment(
            due: track.edits.presentationTime(ofMedia: sample.decodeTime), time: rtpTime(at: shown),
            payloadType: format.payloadType, isSync: sample.isSync
        )
        form.write(bytes, at: moment, limit: limit, to: &batch)
    }

    /// Forgets what was read ahead: who pauses needs no memory.
    package mutating func release() {
        window.release()
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
