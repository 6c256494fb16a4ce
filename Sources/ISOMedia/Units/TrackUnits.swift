import Media
import NIOCore

/// The samples of a track that are played, whole, as who makes another container of them needs them.
package struct TrackUnits: Sendable {
    /// What the samples are: H.264 and H.265 with their parameter sets, AAC with its configuration.
    package let format: TrackFormat
    /// Units a second of all times here: the track's own.
    package let timescale: UInt32
    /// The samples that are played, those that others cannot be decoded without among them.
    package let range: Range<Int>
    /// When what is to be shown or heard begins and ends, in microseconds of the presentation; what is decoded for its sake alone
    /// lies before.
    package let start: Int64
    package let end: Int64
    private let track: MovieTrack
    private let forms: [SampleForm?]
    /// The sample description that `format` is of, from 1.
    private let leading: Int
    /// From times of the media to those of the presentation.
    private let shift: Int64

    /// The frame before is what the first frame of AAC is decoded with.
    private static let framesBefore = 1

    /// `first` is when pictures begin that are shown before the presentation does, for want of a key picture at its beginning, in
    /// microseconds; sound goes with them.
    ///
    /// Throws `.nothingToPlay` with the reason for what is none of H.264, H.265 and AAC, for pictures without a key picture, and where an
    /// edit list shows several parts of the media: a muxer has no word for a picture that is decoded and not shown. Others where the file cannot be read. Blocks.
    package init(_ track: MovieTrack, from first: Int64 = 0, in bytes: any RandomAccessBytes) throws(MovieError) {
        let known = try MediaTrackFormat(track, in: bytes)
        format = known.description.primary
        guard [.h264, .h265, .aac].contains(format.codec) else {
            throw .nothingToPlay("segments have no \(format.codec)")
        }
        guard format.configuration.isComplete else { throw .nothingToPlay("its parameter sets are missing") }
        guard track.edits.isSimple else {
            throw .nothingToPlay(
                "its edit list shows several parts of the media, which segments cannot; RTSP has them all")
        }
        self.track = track
        timescale = track.timescale
        forms = known.forms
        leading = track.samples.sample(at: 0)?.descriptionIndex ?? 1
        let wait = track.edits.presentationTime(ofMedia: track.edits.mediaStart)
        let shift = MovieTime.convert(wait, from: MovieTime.microseconds, to: track.timescale) &- track.edits.mediaStart
        self.shift = shift
        end = track.presentationEnd
        let last = PlayedSpan(of: track).end
        guard format.codec == .aac else {
            range = try Self.pictures(of: track, to: last)
            start = wait
            return
        }
        let earlier = MovieTime.convert(min(0, first), from: MovieTime.microseconds, to: track.timescale)
        let media = max(0, track.edits.mediaStart &+ earlier)
        range = min(max(0, track.samples.index(decodedAt: media) - Self.framesBefore), last)..<last
        let there = track.samples.sample(at: range.lowerBound)?.compositionTime ?? media
        start = MovieTime.convert(max(media, there) &+ shift, from: timescale, to: MovieTime.microseconds)
    }

    /// From the key picture that what is shown first is decoded with.
    private static func pictures(of track: MovieTrack, to last: Int) throws(MovieError) -> Range<Int> {
        var first = PlayedSpan(of: track).syncSample(for: 0, of: track)
        if !track.samples.isSync(first) {
            guard let next = track.samples.syncIndex(after: first) else {
                throw .nothingToPlay("it has no key picture")
            }
            first = next
        }
        guard first < last else { throw .nothingToPlay("it has no key picture in what is shown") }
        return first..<last
    }

    /// The picture that a file names for itself, in pixels.
    package var dimensions: PictureDimensions? {
        if let known = format.configuration.dimensions { return known }
        let description = track.descriptions.indices.contains(leading - 1) ? track.descriptions[leading - 1] : nil
        return description?.picture.map { PictureDimensions(width: $0.width, height: $0.height) }
    }

    /// In microseconds of the presentation.
    package func microseconds(_ time: Int64) -> Int64 {
        MovieTime.convert(time, from: timescale, to: MovieTime.microseconds)
    }

    /// Goes through samples in the order they are decoded; their times are those of the presentation.
    package struct Cursor: Sendable {
        private var samples: SampleCursor
        private let end: Int
        private let shift: Int64

        fileprivate init(_ samples: SampleCursor, to end: Int, shift: Int64) {
            self.samples = samples
            self.end = end
            self.shift = shift
        }

        /// `nil` behind the last, and where the tables name no place in any file.
        package mutating func next() -> MovieSample? {
            guard samples.index < end, var sample = samples.next() else { return nil }
            sample.decodeTime &+= shift
            return sample
        }
    }

    /// Through those of `range`, which is within this one's.
    package func cursor(over range: Range<Int>) -> Cursor {
        Cursor(SampleCursor(track.samples, at: range.lowerBound), to: range.upperBound, shift: shift)
    }

    /// The bytes of a sample as `AccessUnit` has them; `nil` for one that is empty, broken, too large, or of another codec than the
    /// first.
    package func payload(
        of sample: MovieSample, from window: inout FileWindow
    ) throws(MovieError) -> ByteBuffer? {
        guard sample.size > 0, sample.size <= PacketizedSamples.maximumSampleSize,
            forms.indices.contains(sample.descriptionIndex - 1), let form = forms[sample.descriptionIndex - 1]
        else { return nil }
        let bytes = try window.read(at: sample.offset, count: sample.size)
        guard case .nalUnits(let units) = form else { return bytes }
        // Muxers know the parameter sets of the first description.
        return units.unit(bytes, withSets: sample.isSync && sample.descriptionIndex != leading)
    }
}

extension NALUnitForm {
    /// A sample with lengths of four bytes; `nil` where its lengths are nonsense.
    fileprivate func unit(_ sample: ByteBuffer, withSets: Bool) -> ByteBuffer? {
        if lengthSize == 4, !withSets { return sample }
        guard let units = LengthPrefix.nalUnits(in: sample, lengthSize: lengthSize) else { return nil }
        let sets = withSets ? parameterSets.map { ByteBuffer(bytes: $0) } : []
        var unit = ByteBuffer()
        unit.reserveCapacity((sets + units).reduce(0) { $0 + 4 + $1.readableBytes })
        for part in sets + units {
            unit.writeInteger(UInt32(truncatingIfNeeded: part.readableBytes))
            unit.writeImmutableBuffer(part)
        }
        return unit
    }
}
