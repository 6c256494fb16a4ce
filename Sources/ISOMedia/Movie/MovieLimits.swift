/// What one movie may cost us, whatever stands in it.
package struct MovieLimits: Sendable, Hashable {
    /// The `moov` box, which is kept in memory while the movie is open.
    package var moovBytes = 64 << 20
    /// All `moof` boxes together; about a third of them is kept.
    package var fragmentBytes = 64 << 20
    package var fragments = 200_000
    /// Pieces of 32 samples or less that fragments are kept as, of all tracks.
    package var fragmentRuns = 1_000_000
    package var tracks = 64
    /// Of a track; frames of uncompressed sound do not count.
    package var samples = 1 << 26
    /// Of a track.
    package var edits = 1024
    package var topLevelBoxes = 500_000

    /// Times beyond are no times, in whatever unit: sums of two still fit 64 bits.
    package static let longestTime: Int64 = 1 << 60

    package init() {}
}
