/// When the media of a track are shown: `elst` (ISO/IEC 14496-12 §8.6.6).
///
/// ```
/// version, flags │ rows: 32 │ duration, in the movie's units │ media time, in the track's, or -1 │ rate: 16.16 │ …
/// ```
/// Durations and media times have 32 bits, 64 in version 1. Without the box the media are shown from their time 0 on.
package struct EditList: Sendable, Hashable {
    /// A part of the presentation.
    package struct Segment: Sendable, Hashable {
        /// In microseconds of the presentation.
        package var start: Int64
        /// In microseconds; `nil`: to the end of the media.
        package var duration: Int64?
        /// What is shown at `start`, in units of the track's timescale; `nil`: nothing is shown.
        package var mediaTime: Int64?
        /// How fast media go by; 0: the one picture is held.
        package var rate: Double

        /// In microseconds of the presentation; `nil`: with the media.
        package var end: Int64? { duration.map { start + $0 } }
    }

    /// All parts in order, each where the one before ends; one endless one where there is no box.
    package let segments: [Segment]
    /// Those that show media, as they are played: parts that go on where the one before ended are one with it, and the rate is 1, or
    /// 0 for a picture that is held. Never empty.
    let parts: [Segment]
    /// What stands around the one part that this list shows of several.
    var surroundings: EditSurroundings?

    let timescale: UInt32
    private let first: Segment

    /// Nothing but a wait before, and one part of the media.
    package var isSimple: Bool { parts.count == 1 }

    /// Media shown from their beginning.
    package init(timescale: UInt32) {
        self.init(segments: [], timescale: timescale)
    }

    /// `segments` out of a box; a movie that shows nothing is taken for one that shows all. Times of the media that are no further
    /// apart than `tolerance`, in units of the track's timescale, are the same: durations are told by another clock.
    init(segments: [Segment], timescale: UInt32, tolerance: Int64 = 0) {
        let shown = segments.filter { $0.mediaTime != nil }
        let all = Segment(start: 0, duration: nil, mediaTime: 0, rate: 1)
        self.segments = shown.isEmpty ? [all] : segments
        parts = Self.parts(shown.isEmpty ? [all] : shown, timescale: timescale, tolerance: tolerance)
        first = parts.first ?? all
        self.timescale = timescale
    }

    /// What is shown first, in units of the track's timescale.
    package var mediaStart: Int64 { first.mediaTime ?? 0 }

    /// Where the first part of the media ends, in units of the track's timescale: what is shown then or later is not to be sent.
    /// `nil`: with the media.
    package var mediaEnd: Int64? { end(of: first) }

    private func end(of segment: Segment) -> Int64? { Self.end(of: segment, timescale: timescale) }

    static func end(of segment: Segment, timescale: UInt32) -> Int64? {
        guard let duration = segment.duration, let start = segment.mediaTime else { return nil }
        return start + MovieTime.convert(duration, from: MovieTime.microseconds, to: timescale)
    }

    /// When a moment of the media is shown, in microseconds of the presentation; less than the first part's start for what comes
    /// before. `time` in units of the track's timescale, as are decoding and composition times of samples.
    ///
    /// Where media are shown more than once, the first time counts; what is cut out is told as if it followed the first part.
    package func presentationTime(ofMedia time: Int64) -> Int64 {
        let shown = unboundedTime(ofMedia: time)
        return surroundings?.drawnTogether(shown) ?? shown
    }

    /// When what is decoded at a moment of the media is to be sent: not before what is shown before.
    func dueTime(ofMedia time: Int64) -> Int64 {
        max(unboundedTime(ofMedia: time), surroundings?.earliest ?? .min)
    }

    /// As if there was nothing around it.
    func unboundedTime(ofMedia time: Int64) -> Int64 {
        var segment = first
        if !isSimple, let found = parts.first(where: { shows($0, time) }) { segment = found }
        let elapsed = time &- (segment.mediaTime ?? 0)
        return segment.start + MovieTime.convert(elapsed, from: timescale, to: MovieTime.microseconds)
    }

    private func shows(_ segment: Segment, _ time: Int64) -> Bool {
        guard let start = segment.mediaTime, time >= start else { return false }
        return end(of: segment).map { time < $0 } ?? true
    }

    /// Which moment of the media is shown, in units of the track's timescale; `microseconds` of the presentation.
    ///
    /// Where nothing is shown yet, what is shown next; beyond the end, as if the last part went on.
    package func mediaTime(atPresentation microseconds: Int64) -> Int64 {
        var segment = first
        if !isSimple {
            segment = parts.first { $0.end.map { microseconds < $0 } ?? true } ?? parts.last ?? first
        }
        let start = segment.mediaTime ?? 0
        let elapsed = max(0, microseconds &- segment.start)
        return start + MovieTime.convert(elapsed, from: MovieTime.microseconds, to: timescale)
    }

    /// When the presentation ends, in microseconds, of media that end at `end` in units of the track's timescale.
    package func end(ofMedia end: Int64) -> Int64 {
        guard let last = segments.last else { return 0 }
        let rest = last.mediaTime.map {
            MovieTime.convert(max(0, end - $0), from: timescale, to: MovieTime.microseconds)
        }
        return last.start + (last.duration ?? rest ?? 0)
    }
}
