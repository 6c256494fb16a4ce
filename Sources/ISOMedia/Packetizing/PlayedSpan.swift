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
        // Samples are shown in another order than they are decoded in, but not by much.
        let beyond = 32
        var index = min(count - 1, track.samples.index(decodedAt: last) + beyond)
        while index > 0, let sample = track.samples.sample(at: index), sample.compositionTime >= last { index -= 1 }
        return index + 1
    }

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
