/// How far a list has been played, and what comes next.
///
/// The list is played in rounds, at whose end it is read anew: once through, or in random order as many movies as it has.
struct PlaylistProgress: Sendable, Equatable {
    let order: PlaylistOrder
    private var entries: [PlaylistEntry] = []
    /// Movies given in this round.
    private var given = 0
    /// Paths of the last movies, the newest last.
    private var recent: [String] = []

    /// A list that has not begun; its first round is over.
    init(order: PlaylistOrder) {
        self.order = order
    }

    /// A round of these movies begins.
    mutating func begin(_ entries: [PlaylistEntry]) {
        self.entries = entries
        given = 0
    }

    /// A round of the same movies begins.
    mutating func beginAgain() { given = 0 }

    /// The next movie; `nil` where the round is over.
    mutating func next(using random: inout some RandomNumberGenerator) -> PlaylistEntry? {
        guard given < entries.count else { return nil }
        defer { given += 1 }
        guard case .random(let bound) = order else { return entries[given] }
        let entry = pick(keepingAway: bound, using: &random)
        recent.append(entry.path)
        recent.removeFirst(max(0, recent.count - max(bound, 1)))
        return entry
    }

    /// Of a list that is shorter than what is to be kept away, all but the oldest are.
    private func pick(keepingAway bound: Int, using random: inout some RandomNumberGenerator) -> PlaylistEntry {
        let kept = min(max(bound, 1), Set(entries.map(\.path)).count - 1)
        let away = Set(recent.suffix(kept))
        let candidates = entries.filter { !away.contains($0.path) }
        var ticket = Int.random(in: 0..<candidates.reduce(0) { $0 + max(1, $1.weight) }, using: &random)
        for candidate in candidates {
            ticket -= max(1, candidate.weight)
            if ticket < 0 { return candidate }
        }
        return candidates[candidates.count - 1]
    }
}
