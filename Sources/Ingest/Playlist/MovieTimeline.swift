import Media

/// Lays movies end to end on one timeline, in 1/90000 s: where no track has a gap unless another one is longer, and none an overlap.
struct MovieTimeline {
    /// A unit that comes further from the one before has a new timeline of its own: it goes on right behind that one.
    private static let largestStep: Int64 = 10 * 90_000
    /// Unless the one before is said to be so long.
    private static let largestKnownStep: Int64 = 60 * 90_000
    /// Nor may it come so far back.
    private static let largestStepBack: Int64 = 90_000
    /// A unit is shown no further than this from its decoding.
    private static let largestReordering: UInt64 = 10 * 90_000
    /// Longer units are none: the file is wrong.
    private static let longestUnit: Int64 = 10 * 90_000
    /// Of a unit, where nothing tells.
    private static let usualStep: Int64 = 3600
    /// So many units of a track take longer than `shortestCrowd` together; where they do not, their times are none.
    private static let crowd = 50
    private static let shortestCrowd: Int64 = 4500
    /// A movie takes so long at least: a file of one picture is not opened a thousand times a second.
    private static let shortestMovie: Int64 = 18_000
    /// A track that begins so much later than the file has the others until then has a timeline of its own.
    private static let latestBegin: Int64 = 5 * 90_000

    private struct Lane {
        let kind: MediaKind
        /// From the file's time to ours.
        var offset: Int64
        /// Of the last unit, on our timeline.
        var lastDecoding: Int64?
        /// Between the last two units.
        var step = MovieTimeline.usualStep
        /// Of the last unit, as the file has it.
        var duration: Int64 = 0
        /// Of the present crowd: how many have come, and how long they take by the file.
        var crowd = (units: 0, ticks: Int64(0))
        /// The last crowd had no times: units are placed by the usual step.
        var isCrowded = false

        mutating func stepped(_ step: Int64) {
            // What comes back, or too far, is no advance.
            let advance = (0...MovieTimeline.largestKnownStep).contains(step) ? step : 0
            crowd = (crowd.units + 1, crowd.ticks + advance)
            guard crowd.units == MovieTimeline.crowd else { return }
            isCrowded = crowd.ticks < MovieTimeline.shortestCrowd
            crowd = (0, 0)
        }
    }

    private var lanes: [Lane] = []
    /// Where the last unit of each kind ends.
    private var ends: [MediaKind: Int64] = [:]
    /// Where the present movie begins.
    private var began: Int64?

    /// The next movie begins. `first` is when the first unit of each of its tracks is shown, by the file; `nil` where none is known.
    /// `newest` is how far each track was read to know that; nothing where only the first unit was.
    mutating func begin(_ tracks: [(kind: MediaKind, first: Int64?)], newest: [Int64?] = []) {
        stretchLast()
        let base = tracks.compactMap(\.first).min() ?? 0
        let own = tracks.indices.map { begins($0, of: tracks, newest) ? base &- (tracks[$0].first ?? base) : 0 }
        let behind = tracks.indices.compactMap { index in
            tracks[index].first.flatMap { first in ends[tracks[index].kind].map { $0 &- first &- own[index] } }
        }
        let offset = behind.max() ?? (ends.values.max() ?? 0) &- base
        began = base &+ offset
        lanes = tracks.indices.map { Lane(kind: tracks[$0].kind, offset: offset &+ own[$0]) }
    }

    /// Whether a track begins on a timeline of its own: the file has it beside units of the others that are shown much earlier.
    private func begins(_ index: Int, of tracks: [(kind: MediaKind, first: Int64?)], _ newest: [Int64?]) -> Bool {
        guard let first = tracks[index].first else { return false }
        let others = tracks.indices.filter { $0 != index }.compactMap { other in
            (newest.indices.contains(other) ? newest[other] : nil) ?? tracks[other].first
        }
        guard let reached = others.max() else { return false }
        return first > reached.addingReportingOverflow(Self.latestBegin).partialValue && first > reached
    }

    private mutating func stretchLast() {
        guard let began else { return }
        let least = began &+ Self.shortestMovie
        let kinds = Set(lanes.map(\.kind))
        guard kinds.allSatisfy({ ends[$0] ?? .min < least }) else { return }
        for kind in kinds { ends[kind] = least }
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
            lanes[track].stepped(step)
            if lanes[track].isCrowded {
                placed = last &+ Self.usualStep
                lanes[track].offset = placed &- decoding
            } else if step < -Self.largestStepBack || isJump(step, in: lanes[track]) {
                placed = last &+ lanes[track].step
                lanes[track].offset = placed &- decoding
            } else if step < 0 {
                // The order of the file is that of decoding, whatever its times say.
                placed = last
                reordering = reordering &+ step
            } else if step > 0, step <= Self.longestUnit {
                lanes[track].step = step
            }
        } else if let reached = lanes.compactMap(\.lastDecoding).max(), placed &- reached > Self.latestBegin {
            // Its begin was not known when the movie began.
            placed = reached
            lanes[track].offset = placed &- decoding
        }
        lanes[track].lastDecoding = placed
        lanes[track].duration = duration
        let shown = reordering.magnitude <= Self.largestReordering ? placed &+ reordering : placed
        let length = (1...Self.longestUnit).contains(duration) ? duration : lanes[track].step
        let kind = lanes[track].kind
        ends[kind] = max(ends[kind] ?? .min, shown &+ length)
        return (shown, placed)
    }

    private func isJump(_ step: Int64, in lane: Lane) -> Bool {
        step > max(Self.largestStep, min(lane.duration, Self.largestKnownStep))
    }
}
