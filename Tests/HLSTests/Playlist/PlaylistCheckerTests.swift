import TestSupport
import Testing

/// The checker itself: every mistake it is there for is one that it finds.
@Suite struct PlaylistCheckerTests {
    private static func playlist(
        target: Int = 2, sequence: Int = 10, discontinuities: Int = 3, _ segments: [String]
    ) -> String {
        """
        #EXTM3U
        #EXT-X-VERSION:3
        #EXT-X-TARGETDURATION:\(target)
        #EXT-X-MEDIA-SEQUENCE:\(sequence)
        #EXT-X-DISCONTINUITY-SEQUENCE:\(discontinuities)
        #EXT-X-INDEPENDENT-SEGMENTS
        \(segments.joined(separator: "\n"))

        """
    }

    private static func segment(_ number: Int, second: Int, duration: String = "2.000000", isBreak: Bool = false)
        -> String
    {
        (isBreak ? "#EXT-X-DISCONTINUITY\n" : "")
            + "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T23:36:\(second).000Z\n#EXTINF:\(duration),\n\(number).ts"
    }

    private static let four = (0..<4).map { segment(10 + $0, second: 10 + 2 * $0, isBreak: $0 == 0) }

    @Test("What goes on as it should is not held against it")
    func well() {
        var checker = PlaylistChecker()
        #expect(checker.check(Self.playlist(Self.four)) == [])
        let next = Array(Self.four.dropFirst()) + [Self.segment(14, second: 18)]
        #expect(checker.check(Self.playlist(sequence: 11, discontinuities: 4, next)) == [])
        #expect(checker.segmentCount == 5)
        #expect(checker.lives == 1)
    }

    @Test("A playlist may stop to say that its segments are independent, and not begin again")
    func independence() {
        var checker = PlaylistChecker()
        let without = Self.playlist(Self.four).replacing("#EXT-X-INDEPENDENT-SEGMENTS\n", with: "")
        #expect(checker.check(Self.playlist(Self.four)) == [] && checker.check(without) == [])
        #expect(checker.dependentVersions == 1)
        let problems = checker.check(Self.playlist(Self.four))
        #expect(problems.contains { $0.contains("independent again") })
    }

    @Test(
        "What a client would stumble over is found",
        arguments: [
            (playlist(sequence: 9, four), "goes back"),
            (playlist(Array(four.dropLast())), "at the end are gone"),
            (playlist(target: 3, four), "target changes"),
            (playlist(sequence: 11, discontinuities: 3, Array(four.dropFirst())), "was discontinuity"),
            (playlist(sequence: 13, discontinuities: 4, Array(four.dropFirst(3))), "less than three"),
            (playlist(four.dropLast() + [segment(13, second: 16, duration: "1.999000")]), "changes"),
            (playlist(four + [segment(10, second: 18)]), "name of two"),
            (playlist(four + [segment(14, second: 19)]), "is not"),
            (playlist(four + [segment(14, second: 18, duration: "2.600000")]), "are more than"),
            (playlist([]).replacing("\n\n", with: "\n"), "no segment"),
            (playlist(four).replacing("VERSION:3", with: "VERSION:2"), "too low"),
            (playlist(four).replacing("#EXTINF:", with: "#EXTINF"), "not known"),
            (playlist(four).replacing("#EXTM3U\n", with: ""), "no #EXTM3U"),
        ])
    func wrong(next: String, problem: String) {
        var checker = PlaylistChecker()
        #expect(checker.check(Self.playlist(Self.four)) == [])
        let problems = checker.check(next)
        #expect(problems.contains { $0.contains(problem) }, "\(problems)")
    }
}
