import Media
import NIOCore

/// The samples of a track that are played, whole, as who makes another container of them needs them.
///
/// Of sound whose samples are a byte or a few, 1024 are one here. Where an edit list shows several parts of the media, units are counted
/// through all of them, in the order they are shown (`UnitPart`).
package struct TrackUnits: Sendable {
    /// What the samples are: H.264 and H.265 with their parameter sets, AAC with its configuration, other sound as RTP has it.
    package let format: TrackFormat
    /// Of sound that is decoded, how many samples a second are heard of it; `nil` for pictures, and for AAC that is taken as it is: of one
    /// part.
    package let sounding: SoundUnits?
    /// Units a second of all times here: the track's own, but for pictures of several parts.
    package let timescale: UInt32
    /// The samples that are played, those that others cannot be decoded without among them.
    package let range: Range<Int>
    /// When what is to be shown or heard begins and ends, in microseconds of the presentation; what is decoded for its sake alone
    /// lies before.
    package let start: Int64
    package let end: Int64
    let track: MovieTrack
    private let forms: [SampleForm?]
    let blocks: SoundBlocks?
    /// Never empty, and each begins where the one before ends or later.
    let parts: [UnitPart]
    /// Cuts are exact, and pictures that are decoded only are over at once.
    package let isEdited: Bool
    /// The sample description that `format` is of, from 1.
    private let leading: Int

    /// The frame before is what the first frame of AAC or MP3 is decoded with.
    private static let framesBefore = 1

    /// `first` is when pictures begin that are shown before the presentation does, for want of a key picture at its beginning, in
    /// microseconds; sound goes with them.
    ///
    /// Throws `.nothingToPlay` with the reason for pictures that are neither H.264 nor H.265 or have no key picture, and for sound that
    /// cannot be read. Others where the file cannot be read. Blocks.
    package init(_ track: MovieTrack, from first: Int64 = 0, in bytes: any RandomAccessBytes) throws(MovieError) {
        let known = try MediaTrackFormat(track, in: bytes)
        let format = known.description.primary
        self.format = format
        let form = known.forms.lazy.compactMap(\.self).first
        let isPicture = format.codec == .h264 || format.codec == .h265
        isEdited = !track.edits.isSimple
        sounding = try Self.sounding(form, track, format, bytes)
        guard isPicture || format.codec == .aac || sounding != nil else {
            throw .nothingToPlay("segments have no \(format.codec)")
        }
        guard sounding != nil || format.configuration.isComplete else {
            throw .nothingToPlay("its parameter sets are missing")
        }
        self.track = track
        forms = known.forms
        blocks = form.flatMap { SoundBlocks(track, $0) }
        leading = track.samples.sample(at: 0)?.descriptionIndex ?? 1
        if isEdited {
            parts = isPicture ? UnitPart.pictures(of: track) : UnitPart.sound(of: track, in: blocks)
        } else {
            parts = [
                isPicture ? try Self.pictures(of: track) : Self.sound(of: track, in: blocks, from: first)
            ]
        }
        guard let opening = parts.first, let last = parts.last else {
            throw .nothingToPlay("nothing of what its edit list shows can be decoded")
        }
        timescale = isEdited && isPicture ? PictureTimes.clockRate : track.timescale
        range = opening.first..<last.range.upperBound
        end = track.presentationEnd
        if case .drawnTogether(let times) = opening.times {
            start = MovieTime.convert(times.start, from: PictureTimes.clockRate, to: MovieTime.microseconds)
        } else {
            start = opening.start
        }
    }

    private static func sounding(
        _ form: SampleForm?, _ track: MovieTrack, _ format: TrackFormat, _ bytes: any RandomAccessBytes
    ) throws(MovieError) -> SoundUnits? {
        guard let form else { return nil }
        return try SoundUnits(form, track, format, in: bytes)
    }

    /// From its times to those of the presentation, of a track that is shown in one part.
    private static func shift(of track: MovieTrack) -> (wait: Int64, shift: Int64) {
        let wait = track.edits.presentationTime(ofMedia: track.edits.mediaStart)
        let begin = MovieTime.convert(wait, from: MovieTime.microseconds, to: track.timescale)
        return (wait, begin &- track.edits.mediaStart)
    }

    /// With the frames that the first one is decoded with.
    private static func sound(
        of track: MovieTrack, in blocks: SoundBlocks?, from first: Int64
    ) -> UnitPart {
        let (_, shift) = shift(of: track)
        let last = PlayedSpan(of: track).end
        let earlier = MovieTime.convert(min(0, first), from: MovieTime.microseconds, to: track.timescale)
        let media = max(0, track.edits.mediaStart &+ earlier)
        let samples = min(max(0, track.samples.index(decodedAt: media) - framesBefore), last)..<last
        let range = blocks?.blocks(of: samples) ?? samples
        let there = track.samples.sample(at: samples.lowerBound)?.compositionTime ?? media
        let start = MovieTime.convert(max(media, there) &+ shift, from: track.timescale, to: MovieTime.microseconds)
        return UnitPart(
            samples: range, first: range.lowerBound, times: .shifted(shift), start: start, end: track.presentationEnd)
    }

    /// From the key picture that what is shown first is decoded with.
    private static func pictures(of track: MovieTrack) throws(MovieError) -> UnitPart {
        let last = PlayedSpan(of: track).end
        var first = PlayedSpan(of: track).syncSample(for: 0, of: track)
        if !track.samples.isSync(first) {
            guard let next = track.samples.syncIndex(after: first) else {
                throw .nothingToPlay("it has no key picture")
            }
            first = next
        }
        guard first < last else { throw .nothingToPlay("it has no key picture in what is shown") }
        let (wait, shift) = shift(of: track)
        return UnitPart(
            samples: first..<last, first: first, times: .shifted(shift), start: wait, end: track.presentationEnd)
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

    /// Sound that is heard without a cut.
    package struct Stretch: Sendable {
        /// Its units, those that it is decoded with among them.
        package let range: Range<Int>
        /// Those before it can be read too.
        package let earliest: Int
        /// In microseconds of the presentation.
        package let start: Int64
        package let end: Int64
    }

    /// One for each part.
    package var stretches: [Stretch] {
        parts.map {
            Stretch(range: $0.range, earliest: isEdited ? $0.first : 0, start: $0.start, end: isEdited ? $0.end : end)
        }
    }

    /// How its pictures are turned when they are shown.
    package var turn: PictureTurn? { track.turn }

    /// The bytes of a sample as `AccessUnit` has them; `nil` for one that is empty, broken, too large, or of another codec than the
    /// first.
    package func payload(
        of sample: MovieSample, from window: inout FileWindow
    ) throws(MovieError) -> ByteBuffer? {
        guard sample.size > 0, sample.size <= PacketizedSamples.maximumSampleSize else { return nil }
        if let blocks {
            let block = parts[part(of: sample.index)].sample(of: sample.index)
            let bytes = try blocks.bytes(at: block, from: &window) { form(ofDescription: $0) != nil }
            return bytes.map { form(ofDescription: leading)?.turned($0) ?? $0 }
        }
        guard let form = form(ofDescription: sample.descriptionIndex) else { return nil }
        let bytes = try window.read(at: sample.offset, count: sample.size)
        guard case .nalUnits(let units) = form else { return form.turned(bytes) }
        // Muxers know the parameter sets of the first description.
        return units.unit(bytes, withSets: sample.isSync && sample.descriptionIndex != leading)
    }

    /// The part that a unit is of; those beyond the ends are of the first and the last one.
    func part(of unit: Int) -> Int {
        max(0, (0..<parts.count).firstIndex { parts[$0].first > unit } - 1)
    }

    /// `index` is from 1; `nil` for what is of another codec than the first.
    func form(ofDescription index: Int) -> SampleForm? {
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
