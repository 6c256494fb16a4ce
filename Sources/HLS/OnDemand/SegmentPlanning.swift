import ISOMedia
import LibAV
import NIOCore

/// Goes through the samples of a movie once, and finds where it is cut.
struct SegmentPlanning {
    private let tracks: MovieTracks
    private let fileSize: Int64
    /// In microseconds: of a segment, and the least of it.
    private let target, least: Int64
    private var segments: [SegmentPlan.Segment]
    /// When decoding begins, in microseconds of the presentation; how far pictures are shown before they are decoded, in units of the
    /// track.
    private var firstDecoding: Int64 = 0
    private var lowestOffset: Int64 = 0
    private var pictures = 0
    private var videoEnd: Int64?
    private(set) var end = Int64.min
    private(set) var lastVideo: Int
    private(set) var lastSound: Int
    private(set) var madeSound: MadeSound?

    /// Throws `.tooMuch`.
    init(_ tracks: MovieTracks, target: TimeAmount, fileSize: Int64) throws(MovieError) {
        self.tracks = tracks
        self.fileSize = fileSize
        let units = [tracks.video?.units, tracks.sound?.units].compactMap(\.self)
        let begin = [tracks.firstPicture, tracks.sound?.units.start].compactMap(\.self).min() ?? 0
        let length = (units.map(\.end).max() ?? 0) - begin
        guard length <= SegmentPlan.Limits.duration, abs(begin) <= SegmentPlan.Limits.duration else {
            throw .tooMuch("it lasts longer than a week")
        }
        guard units.allSatisfy({ $0.range.count <= SegmentPlan.Limits.track }) else {
            throw .tooMuch("more than \(SegmentPlan.Limits.track) samples in a track")
        }
        self.target = max(target.nanoseconds / 1000, length / SegmentPlan.Limits.segments, 1000)
        least = self.target / 10 * 9
        lastVideo = tracks.video?.units.range.lowerBound ?? 0
        lastSound = tracks.sound?.units.range.lowerBound ?? 0
        segments = [SegmentPlan.Segment(start: begin, video: lastVideo, sound: lastSound)]
    }

    /// Throws `.tooMuch`, and `.nothingToPlay` where no sample is in the file.
    mutating func run() throws(MovieError) {
        if let video = tracks.video?.units {
            // Sound alone may go before the pictures, and behind them.
            if tracks.sound != nil { cutByTime(to: tracks.firstPicture ?? 0) }
            try takePictures(video)
            if let sound = tracks.sound?.units, let videoEnd, sound.end - videoEnd >= 2 * target {
                try cut(at: videoEnd)
                cutByTime(to: sound.end)
            }
        }
        if let sound = tracks.sound {
            if let grid = sound.grid, let sounding = sound.units.sounding {
                try takeSound(sound.units, sounding, grid)
            } else {
                try takeSound(sound.units)
            }
        }
        guard !whole.isEmpty else { throw .nothingToPlay("none of its samples is in the file") }
    }

    /// The segments that have something in them; one before them that has not is part of the next.
    var whole: [SegmentPlan.Segment] {
        var kept = segments.filter { $0.samples > 0 }
        if let first = segments.first, !kept.isEmpty { kept[0].start = first.start }
        return kept
    }

    /// As `SegmentPlan` has them.
    var advance: Int64 {
        guard let video = tracks.video?.units, lowestOffset < 0 else { return 0 }
        let most = MovieTime.convert(
            SegmentPlan.Limits.advance, from: MovieTime.microseconds, to: video.timescale)
        return min(-lowestOffset, most)
    }

    var origin: Int64 {
        let earliest = firstDecoding - (tracks.video?.units.microseconds(advance) ?? 0)
        return earliest < 0 ? (-earliest + 999_999) / 1_000_000 : 0
    }

    var frameRate: Double? {
        // Of several parts some are over before anybody sees them.
        guard let first = tracks.firstPicture, let videoEnd, videoEnd > first, pictures > 0,
            tracks.video?.units.isEdited == false
        else { return nil }
        return Double(pictures) * 1_000_000 / Double(videoEnd - first)
    }

    private mutating func cut(at time: Int64, sound: Int? = nil) throws(MovieError) {
        // Each is as long as `least`, but for a few: no movie comes here.
        guard segments.count < 2 * SegmentPlan.Limits.segments else { throw .tooMuch("too many segments") }
        guard time <= 3 * SegmentPlan.Limits.duration else { throw .tooMuch("it lasts longer than a week") }
        segments.append(SegmentPlan.Segment(start: time, video: lastVideo, sound: sound ?? lastSound))
    }

    /// Where there are no pictures up to a time, for longer than two segments.
    private mutating func cutByTime(to time: Int64) {
        while let last = segments.last, time - last.start >= 2 * target, segments.count < SegmentPlan.Limits.segments {
            segments.append(
                SegmentPlan.Segment(start: last.start + target, video: lastVideo, sound: lastSound))
        }
    }

    private mutating func takePictures(_ units: TrackUnits) throws(MovieError) {
        var cursor = units.cursor(over: units.range)
        var last: Int64?
        while let sample = cursor.next(), isThere(sample) {
            let time = units.microseconds(sample.compositionTime)
            if pictures == 0 { firstDecoding = min(firstDecoding, units.microseconds(sample.decodeTime)) }
            lastVideo = sample.index
            if sample.isSync, pictures > 0, time - (segments.last?.start ?? 0) >= least { try cut(at: time) }
            count(sample, in: segments.count - 1, isPicture: true)
            pictures += 1
            lastVideo = sample.index + 1
            lowestOffset = min(lowestOffset, sample.compositionOffset)
            last = max(last ?? .min, units.microseconds(sample.compositionTime &+ sample.duration))
        }
        guard let last else { return }
        videoEnd = min(last, max(units.end, units.start + 1))
        end = max(end, videoEnd ?? end)
    }

    private mutating func takeSound(_ units: TrackUnits) throws(MovieError) {
        var cursor = units.cursor(over: units.range)
        var place = 0
        var last: Int64?
        while let sample = cursor.next(), isThere(sample) {
            let time = units.microseconds(sample.compositionTime)
            if last == nil { firstDecoding = min(firstDecoding, units.microseconds(sample.decodeTime)) }
            if tracks.video == nil {
                if last != nil, time - segments[place].start >= target {
                    try cut(at: time, sound: sample.index)
                    place += 1
                }
            } else {
                while place + 1 < segments.count, time >= segments[place + 1].start {
                    place += 1
                    segments[place].sound = sample.index
                }
            }
            count(sample, in: place, isPicture: false)
            lastSound = sample.index + 1
            last = max(last ?? .min, units.microseconds(sample.compositionTime &+ sample.duration))
        }
        for index in segments.indices.dropFirst(place + 1) { segments[index].sound = lastSound }
        guard let last else { return }
        end = max(end, min(last, max(units.end, units.start + 1)))
    }

    /// Sound that becomes AAC is cut where a frame of that begins.
    private mutating func takeSound(
        _ units: TrackUnits, _ sounding: SoundUnits, _ grid: SoundGrid
    ) throws(MovieError) {
        guard let made = MadeSound(units, sounding, grid, isThere: isThere) else { return }
        madeSound = made
        firstDecoding = min(firstDecoding, grid.microseconds(ofFrame: made.frames.lowerBound))
        end = max(end, made.end)
        if tracks.video == nil {
            while let last = segments.last, made.end - last.start > target {
                let next = grid.microseconds(ofFrame: grid.frame(notBefore: last.start + target))
                guard next < made.end else { break }
                try cut(at: next)
            }
        }
        for index in segments.indices {
            let frames = made.frames(of: index, in: segments).count
            segments[index].bytes +=
                Int64(frames) * tracks.form.length(ofSample: grid.bytesPerFrame, isPicture: false, isSync: true)
            segments[index].samples += frames
        }
    }

    /// What a file was cut off from is not played.
    private func isThere(_ sample: MovieSample) -> Bool {
        sample.offset >= 0 && Int64(sample.size) <= fileSize - min(sample.offset, fileSize)
    }

    private mutating func count(_ sample: MovieSample, in index: Int, isPicture: Bool) {
        segments[index].bytes += tracks.form.length(ofSample: sample.size, isPicture: isPicture, isSync: sample.isSync)
        segments[index].samples += 1
    }
}

extension SegmentForm {
    /// About what a sample takes in a segment, in bytes.
    ///
    /// Transport streams: 184 bytes of each packet of 188; a picture has a header of its own, a delimiter and perhaps parameter sets, a
    /// frame of sound two headers. Fragments: a row of four fields.
    fileprivate func length(ofSample size: Int, isPicture: Bool, isSync: Bool) -> Int64 {
        switch self {
        case .transportStream:
            let header = isPicture ? (isSync ? 100 : 34) : 23
            return (Int64(size) + Int64(header) + 183) / 184 * 188
        case .fragments: return Int64(size) + 16
        }
    }
}
