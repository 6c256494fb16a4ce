import ISOMedia
import LibAV
import Media
import NIOCore

/// A track on its way into a segment.
protocol SegmentLane {
    /// When the next unit is decoded, in microseconds of the presentation.
    var due: Int64 { get }
    var isOver: Bool { get }
    /// The next one, as a muxer takes it; `nil` for one that cannot be carried. `index` is the track's in the segment.
    mutating func take(as index: Int) throws(MovieError) -> (unit: AccessUnit, duration: Int64)?
}

/// Samples of the movie as they are.
struct SampleLane: SegmentLane {
    private let track: MovieTracks.Track
    /// In units of the track: what is added to times of decoding, and to those of presentation.
    private let decodeShift, shift: Int64
    private(set) var due: Int64 = .max
    private var next: MovieSample?
    private var cursor: TrackUnits.Cursor
    private var window: FileWindow

    /// `origin` in seconds, `advance` in units of the track, as `SegmentPlan` has them; `readAhead` in bytes.
    init(
        _ track: MovieTracks.Track, _ range: Range<Int>, origin: Int64, advance: Int64, readAhead: Int,
        _ bytes: any RandomAccessBytes
    ) {
        self.track = track
        shift = origin &* Int64(track.units.timescale)
        decodeShift = shift &- advance
        cursor = track.units.cursor(over: range)
        window = FileWindow(bytes, readAhead: readAhead)
        step()
    }

    var isOver: Bool { next == nil }

    private mutating func step() {
        next = cursor.next()
        due = next.map { track.units.microseconds($0.decodeTime) } ?? .max
    }

    mutating func take(as index: Int) throws(MovieError) -> (unit: AccessUnit, duration: Int64)? {
        guard let sample = next else { return nil }
        defer { step() }
        guard let payload = try track.units.payload(of: sample, from: &window) else { return nil }
        let unit = AccessUnit(
            track: index, decodeTime: time(sample.decodeTime &+ decodeShift),
            presentationTime: time(sample.compositionTime &+ shift), wallClock: 0, isRandomAccess: sample.isSync,
            payload: payload)
        return (unit, time(sample.duration))
    }

    private func time(_ time: Int64) -> Int64 {
        MovieTime.convert(time, from: track.units.timescale, to: UInt32(clamping: track.muxed.clockRate))
    }
}

/// Frames of AAC that were made of the movie's sound.
struct FrameLane: SegmentLane {
    private let frames: [EncodedAudioFrame]
    private let clockRate: Int64
    private let origin: Int64
    private let duration: Int64
    private var next = 0

    /// Makes them. Throws where the file cannot be read. Blocks.
    init(
        _ sound: MadeSound, _ range: Range<Int64>, origin: Int64, _ bytes: any RandomAccessBytes
    ) throws(MovieError) {
        frames = try sound.make(range, from: bytes)
        clockRate = Int64(sound.grid.track.clockRate)
        duration = sound.grid.samplesPerFrame
        self.origin = origin
    }

    var isOver: Bool { next >= frames.count }

    var due: Int64 {
        isOver
            ? .max
            : MovieTime.convert(frames[next].timestamp, from: UInt32(clamping: clockRate), to: MovieTime.microseconds)
    }

    mutating func take(as index: Int) -> (unit: AccessUnit, duration: Int64)? {
        guard !isOver else { return nil }
        defer { next += 1 }
        let time = frames[next].timestamp &+ origin &* clockRate
        let unit = AccessUnit(
            track: index, decodeTime: time, presentationTime: time, wallClock: 0, isRandomAccess: true,
            payload: frames[next].bytes)
        return (unit, duration)
    }
}
