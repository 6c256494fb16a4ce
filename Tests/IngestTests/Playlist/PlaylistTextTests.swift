import Testing

@testable import Ingest

/// A linear congruential generator: the same seed gives the same numbers for ever.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 32 ^ state << 32
    }
}

@Suite("The text of playlists")
struct PlaylistTextTests {
    private static let darwin = """
        *PLAY-LIST*
        # by night
        "first film.mp4" 3
        second.mov\t10
          folder/

        + "other list.ply"
        +more.ply
        "/abs/a.mp4"
        """

    /// The first thing that is wrong is thrown.
    private static func parse(_ text: String, file: String) throws -> [PlaylistLine] {
        var wrong: [PlaylistError] = []
        let lines = try PlaylistText.parse(text, file: file) { wrong.append($0) }
        if let first = wrong.first { throw first }
        return lines
    }

    private static func entry(_ path: String, _ weight: Int, _ number: Int) -> PlaylistLine {
        PlaylistLine(item: .entry(weight: weight), path: path, number: number)
    }

    @Test("Darwin's lists have paths, weights, comments and other lists")
    func darwinList() throws {
        let lines = try Self.parse(Self.darwin, file: "night.ply")
        #expect(
            lines == [
                Self.entry("first film.mp4", 3, 3), Self.entry("second.mov", 10, 4), Self.entry("folder/", 10, 5),
                PlaylistLine(item: .include, path: "other list.ply", number: 7),
                PlaylistLine(item: .include, path: "more.ply", number: 8), Self.entry("/abs/a.mp4", 10, 9),
            ])
        let windows = "\u{FEFF}" + Self.darwin.replacing("\n", with: "\r\n")
        #expect(try Self.parse(windows, file: "night.ply") == lines)
    }

    @Test("An M3U is known by its name or its first line; each line is a path, with blanks and all")
    func extended() throws {
        let text = "#EXTM3U\n#EXTINF:12,A title\nfirst film.mp4\n\n  b.mov \n"
        let lines = [Self.entry("first film.mp4", 10, 3), Self.entry("b.mov", 10, 5)]
        #expect(try Self.parse(text, file: "list") == lines)
        #expect(try Self.parse("a.mp4\r\n", file: "x.M3U8") == [Self.entry("a.mp4", 10, 1)])
        #expect(try Self.parse("", file: "x.m3u") == [])
    }

    @Test(
        "What is wrong is told with file and line",
        arguments: [
            (
                "*PLAY-LIST*\na.mp4 11",
                "l.ply:2: found the weight \"11\", expected 1 to 10; a path with blanks goes in quotes"
            ),
            (
                "*PLAY-LIST*\n\na film.mp4",
                "l.ply:3: found the weight \"film.mp4\", expected 1 to 10; a path with blanks goes in quotes"
            ),
            ("*PLAY-LIST*\n\"a.mp4", "l.ply:2: found \"\"a.mp4\", expected a closing quote behind the path"),
            ("*PLAY-LIST*\n\"\" 3", "l.ply:2: found \"\", expected the path of a movie, a folder or a playlist"),
            ("*PLAY-LIST*\n+", "l.ply:2: found \"\", expected the path of a movie, a folder or a playlist"),
            ("*PLAY-LIST*\n+ \"a.ply\" 3", "l.ply:2: found \"3\", expected nothing more"),
            ("a.mp4", "l.ply:1: found \"a.mp4\", expected *PLAY-LIST*, or #EXTM3U, or a file that is called .m3u"),
            ("#EXTM3U\n#EXT-X-VERSION:3\na.ts", "l.ply:2: found a playlist of HLS segments, expected a list of movies"),
            (
                "#EXTM3U\nhttp://h/a.mp4",
                "l.ply:2: found \"http://h/a.mp4\", expected the path of a file on this machine"
            ),
        ])
    func wrong(text: String, error: String) {
        #expect {
            try Self.parse(text, file: "l.ply")
        } throws: { "\($0)" == error }
    }

    @Test("A line that is wrong leaves the others as they are")
    func wrongLines() throws {
        var wrong: [Int?] = []
        let text = "*PLAY-LIST*\na.mp4\nb.mp4 11\n\"c.mp4\n+ d.ply\n"
        let lines = try PlaylistText.parse(text, file: "l.ply") { wrong.append($0.line) }
        #expect(lines == [Self.entry("a.mp4", 10, 2), PlaylistLine(item: .include, path: "d.ply", number: 5)])
        #expect(wrong == [3, 4])
    }

    @Test("Mutated lists give lines of the list, or an error")
    func mutations() {
        var generator = SeededGenerator(seed: 11)
        let texts = [Self.darwin, "#EXTM3U\n#EXTINF:1,x\na b.mp4\n\"q\"\n"]
        for round in 0..<2000 {
            var bytes = Array(texts[round % 2].utf8)
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let index = Int.random(in: bytes.indices, using: &generator)
                switch UInt8.random(in: 0..<4, using: &generator) {
                case 0: bytes[index] = UInt8.random(in: 0...127, using: &generator)
                case 1: bytes[index] = [0x22, 0x2B, 0x20, 0x0A, 0x0D, 0x23][Int.random(in: 0..<6, using: &generator)]
                case 2: bytes.remove(at: index)
                default: bytes.insert(contentsOf: bytes[index...].prefix(20), at: index)
                }
                if bytes.isEmpty { bytes = [0] }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            let lines = (try? PlaylistText.parse(text, file: "l.ply") { _ in }) ?? []
            #expect(lines.allSatisfy { !$0.path.isEmpty && text.contains($0.path) && $0.number > 0 })
        }
    }
}
