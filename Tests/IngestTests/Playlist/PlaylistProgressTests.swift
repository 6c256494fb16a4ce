import Testing

@testable import Ingest

@Suite("The order of a playlist")
struct PlaylistProgressTests {
    private static func entries(_ paths: String) -> [PlaylistEntry] { paths.map { PlaylistEntry(path: String($0)) } }

    /// So many movies, with a new round of the same list wherever one is over.
    private static func play(_ count: Int, _ entries: [PlaylistEntry], _ order: PlaylistOrder, seed: UInt64 = 1)
        -> [String]
    {
        var progress = PlaylistProgress(order: order)
        var generator = SeededGenerator(seed: seed)
        var played: [String] = []
        while played.count < count {
            if let entry = progress.next(using: &generator) {
                played.append(entry.path)
            } else {
                progress.begin(entries)
            }
        }
        return played
    }

    @Test("In sequence each movie comes once a round, and a list that changed counts from the next round on")
    func sequential() {
        #expect(Self.play(7, Self.entries("abc"), .looped).joined() == "abcabca")
        var progress = PlaylistProgress(order: .once)
        var generator = SeededGenerator(seed: 1)
        #expect(progress.next(using: &generator) == nil)
        progress.begin(Self.entries("ab"))
        let rest = progress
        #expect((0..<3).map { _ in progress.next(using: &generator)?.path } == ["a", "b", nil])
        progress.begin(Self.entries("x"))
        #expect(progress.next(using: &generator)?.path == "x")
        #expect(rest != progress, "a copy is a place in the list to come back to")
    }

    @Test("By chance no movie follows itself while there are others, and the last ones stay away", arguments: 1...6)
    func recent(bound: Int) {
        let played = Self.play(3000, Self.entries("abcde"), .random(recent: bound), seed: UInt64(bound))
        // Of five movies four can stay away.
        for (index, path) in played.enumerated() {
            #expect(!played[max(0, index - min(bound, 4))..<index].contains(path))
        }
        #expect(Set(played).count == 5)
    }

    @Test("A single movie, or one that is listed twice, is played again and again")
    func single() {
        #expect(Self.play(3, Self.entries("a"), .random(recent: 5)) == ["a", "a", "a"])
        #expect(Set(Self.play(50, Self.entries("aab"), .random(recent: 9)).chunks) == ["ab", "ba"])
    }

    @Test("A movie of weight 10 comes about ten times as often as one of weight 1")
    func weights() {
        let others = (0..<20).map { PlaylistEntry(path: "\($0)", weight: 5) }
        let entries = [PlaylistEntry(path: "often", weight: 10), PlaylistEntry(path: "rare", weight: 1)] + others
        let played = Self.play(40_000, entries, .random(recent: 1), seed: 3)
        let (often, rare) = (played.count { $0 == "often" }, played.count { $0 == "rare" })
        #expect((8.0...11.5).contains(Double(often) / Double(rare)), "\(often) : \(rare)")
    }

    @Test("The same seed gives the same programme, another one another")
    func seeds() {
        let entries = Self.entries("abcdefgh")
        #expect(
            Self.play(50, entries, .random(recent: 2), seed: 5) == Self.play(50, entries, .random(recent: 2), seed: 5))
        #expect(
            Self.play(50, entries, .random(recent: 2), seed: 5) != Self.play(50, entries, .random(recent: 2), seed: 6))
    }
}

extension [String] {
    /// Each with the one behind it.
    fileprivate var chunks: [String] { zip(self, dropFirst()).map { $0 + $1 } }
}
