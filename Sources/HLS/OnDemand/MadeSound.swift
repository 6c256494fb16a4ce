import ISOMedia
import LibAV
import Media
import NIOCore

/// Sound of a movie that is made into AAC, each segment's by itself.
struct MadeSound: Sendable {
    let units: TrackUnits
    let sounding: SoundUnits
    let grid: SoundGrid
    /// One behind the other.
    let parts: [Part]
    /// The samples that are heard, from the first to the last; between parts nothing is.
    let heard: Range<Int64>
    /// Those that it becomes.
    let frames: Range<Int64>

    /// What is heard without a cut.
    struct Part: Sendable {
        let places: SoundPlaces
        /// The samples of it: within the edit list, and in the file.
        let heard: Range<Int64>
        /// Units before it cannot be read.
        let earliest: Int
    }

    /// Of a segment that lasts longer no sound is made, in microseconds: it takes a thread too long.
    private static let longest: Int64 = 20 * 60 * 1_000_000
    /// Bytes read at once.
    private static let readAhead = 16 << 10

    /// Goes through all of its samples; `isThere` tells whether one is in the file. `nil` where none is.
    init?(_ units: TrackUnits, _ sounding: SoundUnits, _ grid: SoundGrid, isThere: (MovieSample) -> Bool) {
        parts = units.stretches.compactMap { Self.part($0, of: units, sounding, grid, isThere: isThere) }
        guard let first = parts.first, let last = parts.last else { return nil }
        heard = first.heard.lowerBound..<max(first.heard.upperBound, last.heard.upperBound)
        frames = grid.frames(hearing: heard)
        (self.units, self.sounding, self.grid) = (units, sounding, grid)
    }

    private static func part(
        _ stretch: TrackUnits.Stretch, of units: TrackUnits, _ sounding: SoundUnits, _ grid: SoundGrid,
        isThere: (MovieSample) -> Bool
    ) -> Part? {
        var places = SoundPlaces(sampleRate: grid.sampleRate)
        var cursor = units.cursor(over: stretch.range)
        let rate = UInt32(clamping: grid.sampleRate)
        while let sample = cursor.next(), isThere(sample) {
            let time = MovieTime.convert(sample.compositionTime, from: units.timescale, to: rate)
            guard abs(time) <= 1 << 50, places.append(index: sample.index, at: time, count: sounding.count(in: sample))
            else { break }
        }
        let start = max(places.start, MovieTime.convert(stretch.start, from: MovieTime.microseconds, to: rate))
        let end = min(places.end, MovieTime.convert(stretch.end, from: MovieTime.microseconds, to: rate))
        guard !places.isEmpty, start < end else { return nil }
        return Part(places: places, heard: start..<end, earliest: stretch.earliest)
    }

    /// When the last sample ends, in microseconds of the presentation.
    var end: Int64 {
        MovieTime.convert(heard.upperBound, from: UInt32(clamping: grid.sampleRate), to: MovieTime.microseconds)
    }

    /// The frames that begin from `start` on and before `end`, in microseconds; `nil` is from the first on, or to the last.
    func frames(from start: Int64?, to end: Int64?) -> Range<Int64> {
        let first = start.map { max(frames.lowerBound, grid.frame(notBefore: $0)) } ?? frames.lowerBound
        let last = end.map { min(frames.upperBound, grid.frame(notBefore: $0)) } ?? frames.upperBound
        guard first < last,
            (last - first) * grid.samplesPerFrame / Int64(grid.track.clockRate) * 1_000_000 <= Self.longest
        else { return first..<first }
        return first..<last
    }

    /// Makes some of them. What cannot be decoded is silence, and there are none where libav fails; throws where the file cannot be read.
    /// Blocks.
    func make(_ frames: Range<Int64>, from bytes: any RandomAccessBytes) throws(MovieError) -> [EncodedAudioFrame] {
        guard !frames.isEmpty, let piece = try? SoundPiece(grid, frames: frames, heard: heard) else { return [] }
        var window = FileWindow(bytes, readAhead: Self.readAhead)
        for part in parts where part.heard.overlaps(piece.wanted) {
            piece.begin(part.heard)
            guard try take(part, into: piece, from: &window) else { return [] }
        }
        return (try? piece.finish()) ?? []
    }

    /// False where libav fails.
    private func take(
        _ part: Part, into piece: SoundPiece, from window: inout FileWindow
    ) throws(MovieError) -> Bool {
        let places = part.places
        let start = max(piece.wanted.lowerBound, part.heard.lowerBound)
        let first = places.index(at: start - Int64(grid.decodingRunUp))
        var cursor = units.cursor(over: max(part.earliest, min(first, places.endIndex))..<places.endIndex)
        let end = min(piece.wanted.upperBound, part.heard.upperBound)
        while let sample = cursor.next() {
            let position = places.position(of: sample.index)
            guard position < end else { break }
            let count = units.pieceCount(of: sample)
            // Of a long one nothing is read that is not needed.
            let skipped = Int(max(0, start - Int64(grid.decodingRunUp) - position)) / units.pieceLength
            for number in min(skipped, count - 1)..<count {
                let place = position + Int64(number * units.pieceLength)
                guard place < end else { break }
                let sample = units.piece(number, of: sample)
                guard let payload = try units.payload(of: sample, from: &window) else { continue }
                guard take(payload, of: sample, at: place, into: piece) else { return false }
            }
        }
        return true
    }

    /// False where libav fails.
    private func take(_ payload: ByteBuffer, of sample: MovieSample, at place: Int64, into piece: SoundPiece) -> Bool {
        let frames = sounding.frames(in: payload)
        for (number, frame) in frames.enumerated() {
            let position = place + Int64(number * (sounding.count(in: sample) / frames.count))
            do { try piece.take(frame, at: position) } catch { return false }
        }
        return true
    }
}
