import ISOMedia
import NIOCore

/// Where a movie is cut into segments: found out once, from its tables alone.
struct SegmentPlan: Sendable {
    /// From its beginning to that of the next one.
    struct Segment: Sendable, Hashable {
        /// In microseconds of the presentation.
        var start: Int64
        /// The first sample of each track in it; those up to the next one's are of it.
        var video: Int
        var sound: Int
        /// Of all its samples, with what a container adds.
        var bytes: Int64 = 0
        var samples = 0
    }

    /// What one movie may cost.
    enum Limits {
        /// A playlist of more is slow to read; segments grow instead.
        static let segments: Int64 = 10_000
        /// A segment is made in memory, in bytes.
        static let bytes: Int64 = 64 << 20
        static let samples = 250_000
        /// Of a track: a day of 60 pictures a second, or of sound.
        static let track = 8_000_000
        /// In microseconds: a week.
        static let duration: Int64 = 7 * 86_400 * 1_000_000
        /// Writers that let pictures be shown before they are decoded do so by less, in microseconds.
        static let advance: Int64 = 10_000_000
    }

    let tracks: MovieTracks
    /// Of sound that becomes AAC.
    let madeSound: MadeSound?
    let segments: [Segment]
    /// Where the last one ends, in microseconds of the presentation, and the last sample of each track in it.
    let end: Int64
    let lastVideo: Int
    let lastSound: Int
    /// Whole seconds that are added to all times, so that none is below 0.
    let origin: Int64
    /// How much earlier pictures are decoded than the movie says, in units of the video track: some are shown before that.
    let advance: Int64
    let rate: BitRate
    /// Pictures a second.
    let frameRate: Double?

    /// Throws `.tooMuch` for what would cost more than `Limits`, `.nothingToPlay` where the file has nothing of what its tables tell.
    ///
    /// `target` is as `hls.segment`: a segment is cut at the first key picture after it, less a tenth; sound alone right then.
    init(_ tracks: MovieTracks, target: TimeAmount, fileSize: Int64) throws(MovieError) {
        var planning = try SegmentPlanning(tracks, target: target, fileSize: fileSize)
        try planning.run()
        self.tracks = tracks
        madeSound = planning.madeSound
        segments = planning.whole
        end = max(planning.end, (segments.last?.start ?? 0) + 1)
        (lastVideo, lastSound) = (planning.lastVideo, planning.lastSound)
        advance = planning.advance
        origin = planning.origin
        frameRate = planning.frameRate
        var rate = BitRate()
        for (index, segment) in segments.enumerated() {
            guard segment.bytes <= Limits.bytes, segment.samples <= Limits.samples else {
                throw .tooMuch(
                    "\(segment.bytes) bytes from one key picture to where the next may be cut; \(Limits.bytes) go into a segment"
                )
            }
            let next = index + 1 < segments.count ? segments[index + 1].start : end
            rate.add(bytes: Int(segment.bytes), duration: .microseconds(next - segment.start))
        }
        self.rate = rate
    }

    var form: SegmentForm { tracks.form }

    func duration(of index: Int) -> TimeAmount {
        .microseconds((index + 1 < segments.count ? segments[index + 1].start : end) - segments[index].start)
    }

    /// The samples of a segment.
    func pictures(of index: Int) -> Range<Int> {
        let next = index + 1 < segments.count ? segments[index + 1].video : lastVideo
        return segments[index].video..<max(segments[index].video, next)
    }

    /// None where sound becomes AAC: `frames(of:)`.
    func sound(of index: Int) -> Range<Int> {
        let next = index + 1 < segments.count ? segments[index + 1].sound : lastSound
        return segments[index].sound..<max(segments[index].sound, next)
    }

    /// The frames of AAC that are made for a segment.
    func frames(of index: Int) -> Range<Int64> {
        madeSound?.frames(of: index, in: segments) ?? 0..<0
    }
}

extension MadeSound {
    /// Those that begin in it; the first and the last one have what lies before and behind.
    func frames(of index: Int, in segments: [SegmentPlan.Segment]) -> Range<Int64> {
        frames(
            from: index > 0 ? segments[index].start : nil,
            to: index + 1 < segments.count ? segments[index + 1].start : nil)
    }
}
