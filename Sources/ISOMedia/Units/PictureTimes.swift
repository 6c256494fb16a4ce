/// When the pictures of one part of several that an edit list shows are decoded and shown, in a container that knows no edit list.
///
/// ```
/// decoded  ││││ K  P  B  B  P  B ││ next part …         in the order of decoding, each later than the one before
/// shown       start ││││ P  B  B  P …  B ││ end         start … end is all that the part has
///                   └ decoded only       └ others need them, and they would be shown later
/// ```
/// No container has a word for a picture that is decoded and not shown. So those before the part are shown within its first
/// milliseconds, one right after the other, and those behind within its last ones: they are over at once, and nothing of this part is
/// told to be shown in another.
///
/// Times are in 1/90000 s of the presentation, those of the media in units of the track.
struct PictureTimes: Sendable, Hashable {
    static let clockRate: UInt32 = 90_000

    /// In the presentation; `end` is `nil` where the part lasts as long as its media.
    let start: Int64
    let end: Int64?
    /// Of the media, the same.
    let mediaStart: Int64
    let mediaEnd: Int64?
    /// Of the track.
    let timescale: UInt32
    /// The earliest that a picture before `mediaStart` would be shown, and how long those take together.
    private let lowest: Int64
    private let lead: Int64
    private let tail: Int64
    /// Between two that are decoded only.
    private let step: Int64
    /// Decoding of the first picture begins at the earliest, of the last one at the latest.
    private(set) var firstDecoding: Int64
    private var lastDecoding: Int64 = .max
    private let count: Int

    /// What is decoded only takes so long together, if there is room; a picture of it takes one unit at least.
    private static let room: Int64 = 900
    private static let longestStep: Int64 = 9
    /// Pictures are shown in another order than they are decoded in, but not by more of them.
    private static let reordered: Int64 = 32
    private static let mostTail: Int64 = 288
    /// What is shown so much later than the part ends is all the same, in 1/90000 s.
    private static let tailSpan: Int64 = 90_000

    /// What the first pictures of a part are, in the order of decoding.
    struct Beginning: Sendable, Hashable {
        /// How many are decoded before the first that is shown in the part.
        var before: Int
        /// Of the first that is shown, in units of the track; `nil` where none is.
        var firstDecoding: Int64?
        /// The earliest that one of them would be shown, in units of the track.
        var lowest: Int64
    }

    /// `count` pictures from the one that decoding begins with; `start` and `end` in microseconds of the presentation.
    init(
        start: Int64, end: Int64?, media: (start: Int64, end: Int64?), timescale: UInt32, count: Int,
        beginning: Beginning
    ) {
        self.start = MovieTime.convert(start, from: MovieTime.microseconds, to: Self.clockRate)
        self.end = end.map { MovieTime.convert($0, from: MovieTime.microseconds, to: Self.clockRate) }
        (mediaStart, mediaEnd) = media
        (self.timescale, self.count) = (timescale, count)
        lowest = min(beginning.lowest, media.start)
        var length = Int64.max
        if let end = self.end { length = max(0, end - self.start) }
        let before = Int64(beginning.before)
        step = min(max(1, Self.room / max(1, before)), Self.longestStep)
        lead = min(before * step, length / 2)
        tail = max(1, min(Self.mostTail, length / 4))
        firstDecoding = self.start
        let regular = beginning.firstDecoding.map { plain($0) } ?? self.start
        // Without any before it, the first one has its own time. Else not that early: players that see pictures long before what is
        // decoded now take the times for broken.
        firstDecoding = before > 0 ? self.start - (before + Self.reordered) * step : regular
        if let end = self.end { lastDecoding = end - tail - 1 }
        bound()
    }

    /// Everything is decoded before what comes behind, which is at `next` in the presentation.
    mutating func end(before next: Int64) {
        lastDecoding = min(lastDecoding, next - 1)
        bound()
    }

    private mutating func bound() {
        guard lastDecoding < .max else { return }
        firstDecoding = min(firstDecoding, lastDecoding - Int64(count))
    }

    /// As if there was nothing around it.
    private func plain(_ time: Int64) -> Int64 {
        start &+ MovieTime.convert(time &- mediaStart, from: timescale, to: Self.clockRate)
    }

    func isBehind(_ sample: MovieSample) -> Bool { mediaEnd.map { sample.compositionTime >= $0 } ?? false }

    func presentationTime(of sample: MovieSample) -> Int64 {
        let time = sample.compositionTime
        if time < mediaStart {
            let share = Double(max(0, time &- lowest)) / Double(max(1, mediaStart &- lowest))
            return start + Int64(share * Double(lead))
        }
        if let end, let mediaEnd, time >= mediaEnd {
            let late = MovieTime.convert(time &- mediaEnd, from: timescale, to: Self.clockRate)
            return end - tail + min(late, Self.tailSpan - 1) * tail / Self.tailSpan
        }
        return max(min(plain(time), end.map { $0 - tail - 1 } ?? .max), start + lead)
    }

    /// Of the sample that is the `place`th of the part, from 0.
    func decodeTime(of sample: MovieSample, at place: Int) -> Int64 {
        // What is shown for a moment lasts no longer in the order of decoding: players take one for the other.
        let own = isBehind(sample) ? plain(sample.decodeTime &+ sample.duration) - 1 : plain(sample.decodeTime)
        let earliest = firstDecoding &+ Int64(place) * step
        guard lastDecoding < .max else { return max(own, earliest) }
        return min(max(own, earliest), lastDecoding &- Int64(count - 1 - place))
    }
}
