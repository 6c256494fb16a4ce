import Media

/// Lays movies end to end on one timeline, in 1/90000 s: where no track has a gap unless another one is longer, and none an overlap.
struct MovieTimeline {
    /// A unit that comes further from the one before has a new timeline of its own: it goes on right behind that one.
    private static let largestStep: Int64 = 60 * 90_000
    /// Nor may it come so far back.
    private static let largestStepBack: Int64 = 90_000
    /// A unit is shown no further than this from its decoding.
    private static let largestReordering: UInt64 = 10 * 90_000
    /// Longer units are none: the file is wrong.
    private static let longestUnit: Int64 = 10 * 90_000
    /// Of a picture, where nothing tells.
    private static let usualStep: Int64 = 3600

    private struct Lane {
        let kind: MediaKind
        /// From the file's time to ours.
        var offset: Int64
        /// Of the last unit, on our timeline.
        var lastDecoding: Int64?
        /// Between the last two units.
        var step = MovieTimeline.usualStep
    }

    private var lanes: [Lane] = []
    /// Where the last unit of each kind ends.
    private var ends: [MediaKind: Int64] = [:]

    /// The next movie begins. `first` is when the first unit of each of its tracks is shown, by the file; `nil` where none is known.
    mutating func begin(_ tracks: [(kind: MediaKind, first: Int64?)]) {
        let firsts = tracks.compactMap(\.first)
        let behind = tracks.compactMap { track in
            track.first.flatMap { first in ends[track.kind].map { $0 &- first } }
        }
        let offset = behind.max() ?? (ends.values.max() ?? 0) &- (firsts.min() ?? 0)
        lanes = tracks.map { Lane(kind: $0.kind, offset: offset) }
    }

    /// When a unit of the movie is shown and decoded on our timeline.
    mutating func place(
        track: Int, presentation: Int64, decoding: Int64, duration: Int64
    ) -> (presentation: Int64, decoding: Int64) {
        guard lanes.indices.contains(track) else { return (presentation, decoding) }
        var placed = decoding &+ lanes[track].offset
        var reordering = presentation &- decoding
        if let last = lanes[track].lastDecoding {
            let step = placed &- last
            if step < -Self.largestStepBack || step > Self.largestStep {
                placed = last &+ lanes[track].step
                lanes[track].offset = placed &- decoding
            } else if step < 0 {
                // The order of the file is that of decoding, whatever its times say.
                placed = last
                reordering = reordering &+ step
            } else if step > 0, step <= Self.longestUnit {
                lanes[track].step = step
            }
        }
        lanes[track].lastDecoding = placed
        let shown = reordering.magnitude <= Self.largestReordering ? placed &+ reordering : placed
        let length = (1...Self.longestUnit).contains(duration) ? duration : lanes[track].step
        let kind = lanes[track].kind
        ends[kind] = max(ends[kind] ?? .min, shown &+ length)
        return (shown, placed)
    }
}
