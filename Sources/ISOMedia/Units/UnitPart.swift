/// What a track shows without a cut: all of it, or one of the parts that its edit list shows one after the other.
///
/// Units are counted through all parts: a part's first one has the number behind the last one of the part before, also where both have
/// the same samples of the media.
struct UnitPart: Sendable {
    /// The times of its units.
    enum Times: Sendable {
        /// Those of the media and so much more, in units of the track.
        case shifted(Int64)
        case drawnTogether(PictureTimes)
    }

    /// Of the media, or blocks of them.
    let samples: Range<Int>
    /// The number that the first of them has among the units.
    let first: Int
    var times: Times
    /// When it is shown or heard, in microseconds of the presentation: what is decoded for its sake alone lies before.
    let start: Int64
    let end: Int64

    /// Its units.
    var range: Range<Int> { first..<first + samples.count }

    /// The sample of the media that a unit is.
    func sample(of unit: Int) -> Int { samples.lowerBound + unit - first }
}

extension UnitPart {
    /// More pictures are not decoded for the sake of the first one of a part: it begins with the next key picture.
    private static let mostBefore = 1200
    /// Sound is decoded from so long before a part on, in seconds: frames of MP3 need that much at the lowest rates.
    private static let soundBefore: Int64 = 2

    /// The parts of a track of pictures whose edit list shows several.
    static func pictures(of track: MovieTrack) -> [UnitPart] {
        var parts: [(part: UnitPart, times: PictureTimes)] = []
        for number in track.edits.parts.indices {
            let segment = track.edits.parts[number]
            guard let media = segment.mediaTime, media < track.shownEnd else { continue }
            var alone = track
            alone.edits = track.edits.part(number)
            guard let (samples, beginning) = pictures(ofPart: alone, at: segment.start) else { continue }
            let end = segment.end ?? alone.presentationEnd
            let times = PictureTimes(
                start: segment.start, end: segment.end, media: (media, alone.edits.mediaEnd),
                timescale: track.timescale, count: samples.count, beginning: beginning)
            let first = parts.last?.part.range.upperBound ?? 0
            parts.append(
                (UnitPart(samples: samples, first: first, times: .shifted(0), start: segment.start, end: end), times))
        }
        for index in parts.indices.reversed() {
            if index + 1 < parts.count { parts[index].times.end(before: parts[index + 1].times.firstDecoding) }
            parts[index].part.times = .drawnTogether(parts[index].times)
        }
        return parts.map(\.part)
    }

    /// From the key picture that the first one shown is decoded with; `nil` where nothing of it can be decoded.
    private static func pictures(
        ofPart track: MovieTrack, at start: Int64
    ) -> (samples: Range<Int>, beginning: PictureTimes.Beginning)? {
        let span = PlayedSpan(of: track)
        var first = span.syncSample(for: start, of: track)
        var beginning = beginning(of: track, from: first, to: span.end)
        if beginning.before > mostBefore || !track.samples.isSync(first) {
            guard let next = track.samples.syncIndex(after: first) else { return nil }
            first = next
            beginning = Self.beginning(of: track, from: first, to: span.end)
        }
        guard first < span.end else { return nil }
        return (first..<span.end, beginning)
    }

    private static func beginning(of track: MovieTrack, from first: Int, to end: Int) -> PictureTimes.Beginning {
        var beginning = PictureTimes.Beginning(before: 0, firstDecoding: nil, lowest: .max)
        var cursor = SampleCursor(track.samples, at: first)
        while cursor.index < end, beginning.before <= mostBefore, let sample = cursor.next() {
            beginning.lowest = min(beginning.lowest, sample.compositionTime)
            guard sample.compositionTime < track.edits.mediaStart else {
                beginning.firstDecoding = sample.decodeTime
                break
            }
            beginning.before += 1
        }
        return beginning
    }

    /// The parts of a track of sound whose edit list shows several; `blocks` where a unit is one.
    static func sound(of track: MovieTrack, in blocks: SoundBlocks?) -> [UnitPart] {
        var parts: [UnitPart] = []
        for number in track.edits.parts.indices {
            let segment = track.edits.parts[number]
            // Of sound there is nothing to be held.
            guard segment.rate != 0, let media = segment.mediaTime else { continue }
            var alone = track
            alone.edits = track.edits.part(number)
            let earliest = max(0, media - soundBefore * Int64(track.timescale))
            let begin = track.samples.index(decodedAt: earliest)
            let samples = begin..<max(begin, PlayedSpan(of: alone).end)
            guard !samples.isEmpty else { continue }
            let wait = MovieTime.convert(segment.start, from: MovieTime.microseconds, to: track.timescale)
            parts.append(
                UnitPart(
                    samples: blocks?.blocks(of: samples) ?? samples, first: parts.last?.range.upperBound ?? 0,
                    times: .shifted(wait &- media), start: segment.start, end: segment.end ?? alone.presentationEnd))
        }
        return parts
    }
}

extension MovieTrack {
    /// Where the last one that is shown ends, in units of the track's timescale.
    var shownEnd: Int64 {
        samples.end &+ max(0, samples.sample(at: samples.count - 1)?.compositionOffset ?? 0)
    }
}
