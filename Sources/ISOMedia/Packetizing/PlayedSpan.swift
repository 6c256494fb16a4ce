import Media

/// Which samples of a track are played: up to where its edit list ends.
struct PlayedSpan: Sendable, Hashable {
    /// The sample behind the last one.
    let end: Int

    init(of track: MovieTrack) {
        end = Self.end(of: track)
    }

    private static func end(of track: MovieTrack) -> Int {
        let count = track.samples.count
        guard let last = track.edits.mediaEnd else { return count }
        let decoded = track.samples.index(decodedAt: last)
        // Of writers that let all be shown later than it is decoded, the last one is decoded earlier by as much.
        let delay = max(0, track.samples.sample(at: decoded)?.compositionOffset ?? 0)
        let expected = delay == 0 ? decoded : track.samples.index(decodedAt: last &- delay)
        var index = min(count - 1, min(decoded, expected) + reordered)
        // What still does not end there is of no order at all.
        for _ in 0..<3 * reordered {
            guard index > 0, let sample = track.samples.sample(at: index), sample.compositionTime >= last else {
                return index + 1
            }
            index -= 1
        }
        return decoded + 1
    }

    /// Samples are shown in another order than they are decoded in, but not by more of them.
    private static let reordered = 32

    /// As `TrackPackets` has it.
    func syncSample(for time: Int64, of track: MovieTrack) -> Int {
        let samples = track.samples
        let media = track.edits.mediaTime(atPresentation: time)
        func isShown(_ index: Int) -> Bool { samples.sample(at: index).map { $0.compositionTime <= media } ?? false }
        let index = samples.index(decodedAt: media)
        var sync = samples.syncIndex(atOrBefore: index) ?? 0
        if let next = samples.syncIndex(after: index), isShown(next) {
            // Of writers that let pictures be shown before they are decoded.
            sync = next
        } else if !isShown(sync), let previous = samples.syncIndex(before: sync) {
            sync = previous
        }
        return max(0, min(sync, end - 1))
    }
}
