import Media
import NIOCore
import RTP

/// The samples of a track made into packets where they are asked for: a track without a hint track.
///
/// A sample is what the file has for one: a picture, a frame or several of sound. Of waveforms, whose samples are a byte or a few,
/// each packet stands for one: `PacketizedWaveform` has these. Waveforms in long samples are taken in pieces (`SamplePieces`).
package struct PacketizedSamples: PartedPackets {
    let format: MediaTrackFormat
    private(set) var track: MovieTrack
    let limit: Int
    private var span: PlayedSpan
    /// Of a track that is counted in packets, which then does it all.
    private var waveform: PacketizedWaveform?
    private let pieces: SamplePieces
    /// Behind the last sample that is played, or the last piece of one.
    private var end: Int
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
        pieces = waveform == nil ? Self.pieces(of: track, format, limit: limit) : .whole
        end = pieces.end(of: track, span)
        // Between pieces of sound mostly lie pictures, which would be read for nothing.
        window = FileWindow(bytes, readAhead: format.description.kind == .video ? 128 << 10 : 8 << 10)
        cursor = SampleCursor(track.samples)
        upcoming = cursor.next()
    }

    private static func pieces(of track: MovieTrack, _ format: MediaTrackFormat, limit: Int) -> SamplePieces {
        let forms = format.forms.compactMap { form -> WaveformForm? in
            if case .waveform(let form)? = form { form } else { nil }
        }
        guard !forms.isEmpty else { return .whole }
        return SamplePieces(
            of: forms, longest: track.samples.largestSize, timescale: track.timescale, limit: limit)
    }

    /// Each sample is one of the track's own, with the same number.
    var areOwnSamples: Bool { waveform == nil && pieces.count == 1 }

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

    package var sampleCount: Int { waveform?.sampleCount ?? end }

    package func dueTime(ofSample index: Int) -> Int64 {
        if let waveform { return waveform.dueTime(ofSample: index) }
        let (number, piece) = pieces.place(of: index)
        return track.edits.dueTime(ofMedia: sample(at: number).map { pieces.begin(of: piece, in: $0) } ?? 0)
    }

    package func presentationTime(ofSample index: Int) -> Int64 {
        if let time = waveform?.presentationTime(ofSample: index) { return time }
        let (number, piece) = pieces.place(of: index)
        let media = sample(at: number).map { pieces.begin(of: piece, in: $0) &+ $0.compositionOffset }
        return track.edits.presentationTime(ofMedia: media ?? 0)
    }

    package func rtpTime(at presentationTime: Int64) -> Int64 {
        MovieTime.convert(presentationTime, from: MovieTime.microseconds, to: UInt32(clamping: format.clockRate))
    }

    package func isSync(_ index: Int) -> Bool {
        waveform?.isSync(index) ?? track.samples.isSync(pieces.place(of: index).sample)
    }

    package func syncSample(for time: Int64) -> Int {
        if let waveform { return waveform.syncSample(for: time) }
        let found = span.syncSample(for: time, of: track)
        guard pieces.count > 1, let sample = sample(at: found) else { return found }
        let piece = pieces.piece(at: track.edits.mediaTime(atPresentation: time), in: sample)
        return max(0, min(found * pieces.count + piece, end - 1))
    }

    package func syncSample(after index: Int) -> Int? {
        if let waveform { return waveform.syncSample(after: index) }
        if pieces.count > 1 { return index < sampleCount - 1 ? max(0, index + 1) : nil }
        return track.samples.syncIndex(after: index).flatMap { $0 < span.end ? $0 : nil }
    }

    package func syncSample(before index: Int) -> Int? {
        if let waveform { return waveform.syncSample(before: index) }
        if pieces.count > 1 { return index > 0 ? min(index, sampleCount) - 1 : nil }
        return track.samples.syncIndex(before: min(index, span.end))
    }

    package mutating func write(sample index: Int, to batch: inout PacketBatch) throws(MovieError) {
        if waveform != nil {
            try waveform?.write(sample: index, to: &batch)
            return
        }
        guard index >= 0, index < sampleCount else { return }
        let (number, piece) = pieces.place(of: index)
        guard let whole = advance(to: number) else {
            throw .malformed(box: "stbl", at: 0, reason: "it names no place for sample \(number)")
        }
        guard whole.size > 0 else { return }
        guard let form = format.form(ofDescription: whole.descriptionIndex) else {
            if piece == 0 { incomplete += 1 }
            return
        }
        guard let (sample, frames) = pieces.piece(piece, of: whole, form) else { return }
        guard whole.size <= Self.maximumSampleSize else {
            throw .tooMuch("sample \(number) has \(whole.size) bytes")
        }
        let bytes = try window.read(at: sample.offset, count: sample.size, batch.reading)
        let shown = track.edits.presentationTime(ofMedia: whole.compositionTime)
        let moment = SampleMoment(
            due: track.edits.dueTime(ofMedia: sample.decodeTime), time: rtpTime(at: shown) &+ Int64(frames),
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
        playing.end = pieces.end(of: playing.track, playing.span)
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
