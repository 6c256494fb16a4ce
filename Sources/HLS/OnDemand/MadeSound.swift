import ISOMedia
import LibAV
import Media
import NIOCore

/// Sound of a movie that is made into AAC, each segment's by itself.
struct MadeSound: Sendable {
    let units: TrackUnits
    let sounding: SoundUnits
    let grid: SoundGrid
    let places: SoundPlaces
    /// The samples that are heard: within the edit list, and in the file.
    let heard: Range<Int64>
    /// Those that it becomes.
    let frames: Range<Int64>

    /// Of a segment that lasts longer no sound is made, in microseconds: it takes a thread too long.
    private static let longest: Int64 = 20 * 60 * 1_000_000
    /// Bytes read at once.
    private static let readAhead = 16 << 10

    /// Goes through all of its samples; `isThere` tells whether one is in the file. `nil` where none is.
    init?(_ units: TrackUnits, _ sounding: SoundUnits, _ grid: SoundGrid, isThere: (MovieSample) -> Bool) {
        var places = SoundPlaces(sampleRate: grid.sampleRate)
        var cursor = units.cursor(over: units.range)
        let rate = UInt32(clamping: grid.sampleRate)
        while let sample = cursor.next(), isThere(sample) {
            let time = MovieTime.convert(sample.compositionTime, from: units.timescale, to: rate)
            guard abs(time) <= 1 << 50, places.append(index: sample.index, at: time, count: sounding.count(in: sample))
            else { break }
        }
        let start = MovieTime.convert(units.start, from: MovieTime.microseconds, to: rate)
        let end = MovieTime.convert(units.end, from: MovieTime.microseconds, to: rate)
        guard !places.isEmpty, max(start, places.start) < min(end, places.end) else { return nil }
        heard = max(start, places.start)..<min(end, places.end)
        frames = grid.frames(hearing: heard)
        (self.units, self.sounding, self.grid, self.places) = (units, sounding, grid, places)
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
        let first = places.index(at: max(piece.wanted.lowerBound, heard.lowerBound) - Int64(grid.decodingRunUp))
        let range = max(0, min(first, places.endIndex))..<places.endIndex
        var cursor = units.cursor(over: range)
        var window = FileWindow(bytes, readAhead: Self.readAhead)
        while let sample = cursor.next() {
            var position = places.position(of: sample.index)
            guard position < min(piece.wanted.upperBound, heard.upperBound) else { break }
            guard let payload = try units.payload(of: sample, from: &window) else { continue }
            let parts = sounding.frames(in: payload)
            for part in parts {
                do { try piece.take(part, at: position) } catch { return [] }
                position += Int64(sounding.count(in: sample) / max(parts.count, 1))
            }
        }
        return (try? piece.finish()) ?? []
    }
}
