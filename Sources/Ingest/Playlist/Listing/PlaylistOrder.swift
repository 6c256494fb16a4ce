/// In which order the movies of a list are played.
package enum PlaylistOrder: Sendable, Equatable {
    /// From the first to the last, and then no more.
    case once
    /// From the first to the last, for ever.
    case looped
    /// By chance and weight, for ever; one of the last `recent` movies is not played again while there are others.
    case random(recent: Int)

    /// The movie that was just played is not played again at once.
    package static let defaultRecent = 1
    /// More are not kept in mind.
    package static let mostRecent = 1000
}

/// One movie of a list.
package struct PlaylistEntry: Sendable, Hashable {
    /// Absolute, or relative to the working directory.
    package var path: String
    /// 1 to 10: in random order a movie of weight 10 is played ten times as often as one of weight 1.
    package var weight: Int

    /// What has no weight of its own has this one, as in Darwin's lists.
    package static let defaultWeight = 10
    package static let weights = 1...10

    package init(path: String, weight: Int = defaultWeight) {
        self.path = path
        self.weight = weight
    }
}
