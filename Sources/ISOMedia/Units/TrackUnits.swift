import Media
import NIOCore

/// The samples of a track that are played, whole, as who makes another container of them needs them.
///
/// Of sound whose samples are a byte or a few, 1024 are one here.
package struct TrackUnits: Sendable {
    /// What the samples are: H.264 and H.265 with their parameter sets, AAC with its configuration, other sound as RTP has it.
    package let format: TrackFormat
    /// Of sound other than AAC, how many samples a second are heard of it; `nil` for all else.
    package let sounding: SoundUnits?
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
    private let blocks: SoundBlocks?
    /// The sample description that `format` is of, from 1.
    private let leading: Int
    /// From times of the media to those of the presentation.
    private let shift: Int64

    /// The frame before is what the first frame of AAC or MP3 is decoded with.
    private static let framesBefore = 1

    /// `first` is when pictures begin that are shown before the presentation does, for want of a key picture at its beginning, in
    /// microseconds; sound goes with them.
    ///
    /// Throws `.nothingToPlay` with the reason for pictures that are neither H.264 nor H.265 or have no key picture, for sound that
    /// cannot be read, and where an edit list shows several parts of the media: a muxer has no word for a picture that is decoded and
    /// not shown. Others where the file cannot be read. Blocks.
    package init(_ track: MovieTrack, from first: Int64 = 0, in bytes: any RandomAccessBytes) throws(MovieError) {
        let known = try MediaTrackFormat(track, in: bytes)
        let format = known.description.primary
        self.format = format
        let form = known.forms.lazy.compactMap(\.self).first
        let isPicture = format.codec == .h264 || format.codec == .h265
        sounding = try Self.sounding(form, track, format, bytes)
        guard isPicture || format.codec == .aac || sounding != nil else {
            throw .nothingToPlay("segments have no \(format.codec)")
        }
        guard sounding != nil || format.configuration.isComplete else {
            throw .nothingToPlay("its parameter sets are missing")
        }
        guard track.edits.isSimple else {
            throw .nothingToPlay(
                "its edit list shows several parts of the media, which segments cannot; RTSP has them all")
        }
        self.track = track
        timescale = track.timescale
        forms = known.forms
        blocks = form.flatMap { SoundBlocks(track, $0) }
        leading = track.samples.sample(at: 0)?.descriptionIndex ?? 1
        let wait = track.edits.presentationTime(ofMedia: track.edits.mediaStart)
        let shift = MovieTime.convert(wait, from: MovieTime.microseconds, to: track.timescale) &- track.edits.mediaStart
        self.shift = shift
        end = track.presentationEnd
        let last = PlayedSpan(of: track).end
        guard !isPicture else {
            range = try Self.pictures(of: track, to: last)
            start = wait
            return
        }
        let earlier = MovieTime.convert(min(0, first), from: MovieTime.microseconds, to: track.timescale)
        let media = max(0, track.edits.mediaStart &+ earlier)
        let samples = min(max(0, track.samples.index(decodedAt: media) - Self.framesBefore), last)..<last
        range = blocks?.blocks(of: samples) ?? samples
        let there = track.samples.sample(at: samples.lowerBound)?.compositionTime ?? media
        start = MovieTime.convert(max(media, there) &+ shift, from: timescale, to: MovieTime.microseconds)
    }

    private static func sounding(
        _ form: SampleForm?, _ track: MovieTrack, _ format: TrackFormat, _ bytes: any RandomAccessBytes
    ) throws(MovieError) -> SoundUnits? {
        guard let form else { return nil }
        return try SoundUnits(form, track, format, in: bytes)
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

    /// AAC, or what `sounding` tells of.
    package var isSound: Bool { format.codec == .aac || sounding != nil }

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
        private enum Samples: Sendable {
            case plain(SampleCursor)
            case blocks(SoundBlocks, next: Int)
        }

        private var samples: Samples
        private let end: Int
        private let shift: Int64

        fileprivate init(_ units: TrackUnits, over range: Range<Int>) {
            samples =
                units.blocks.map { .blocks($0, next: range.lowerBound) }
                ?? .plain(SampleCursor(units.track.samples, at: range.lowerBound))
            end = range.upperBound
            shift = units.shift
        }

        /// `nil` behind the last, and where the tables name no place in any file.
        package mutating func next() -> MovieSample? {
            guard var sample = step() else { return nil }
            sample.decodeTime &+= shift
            return sample
        }

        private mutating func step() -> MovieSample? {
            switch samples {
            case .plain(var cursor):
                guard cursor.index < end, let sample = cursor.next() else { return nil }
                samples = .plain(cursor)
                return sample
            case .blocks(let blocks, let next):
                guard next < end, let sample = blocks.sample(at: next) else { return nil }
                samples = .blocks(blocks, next: next + 1)
                return sample
            }
        }
    }

    /// Through samples of the track: those of `range`, and those before that they are decoded with.
    package func cursor(over range: Range<Int>) -> Cursor {
        Cursor(self, over: range)
    }

    /// The bytes of a sample as `AccessUnit` has them; `nil` for one that is empty, broken, too large, or of another codec than the
    /// first.
    package func payload(
        of sample: MovieSample, from window: inout FileWindow
    ) throws(MovieError) -> ByteBuffer? {
        guard sample.size > 0, sample.size <= PacketizedSamples.maximumSampleSize else { return nil }
        if let blocks {
            let bytes = try blocks.bytes(at: sample.index, from: &window) { form(ofDescription: $0) != nil }
            return bytes.map { form(ofDescription: leading)?.turned($0) ?? $0 }
        }
        guard let form = form(ofDescription: sample.descriptionIndex) else { return nil }
        let bytes = try window.read(at: sample.offset, count: sample.size)
        guard case .nalUnits(let units) = form else { return form.turned(bytes) }
        // Muxers know the parameter sets of the first description.
        return units.unit(bytes, withSets: sample.isSync && sample.descriptionIndex != leading)
    }

    private func form(ofDescription index: Int) -> SampleForm? {
        forms.indices.contains(index - 1) ? forms[index - 1] : nil
    }
}

extension SampleForm {
    /// As RTP has it; all but waveforms as it is.
    fileprivate func turned(_ bytes: ByteBuffer) -> ByteBuffer {
        guard case .waveform(let form) = self, !form.numbers.isAsSent else { return bytes }
        var turned = ByteBuffer()
        bytes.withUnsafeReadableBytes { turned.write($0, of: form.numbers) }
        return turned
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
