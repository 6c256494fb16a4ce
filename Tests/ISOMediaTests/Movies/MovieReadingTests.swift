import NIOCore
import Testing

@testable import ISOMedia

struct MovieReadingTests {
    @Test("A movie tells its tracks, their names, clocks, references and what hinters wrote")
    func plain() throws {
        let movie = try MovieFixture.read(MovieFixture.plain)
        #expect(movie.brands == ["isom", "isom"])
        #expect(movie.timescale == 1000)
        #expect(movie.created == 917_155_200)
        #expect(movie.modified == nil)
        #expect(movie.sessionDescription == "a=x\r\n")
        #expect(!movie.isFragmented)
        #expect(movie.tracks.map(\.id) == [1, 2])
        let picture = try #require(movie.track(1))
        #expect(picture.handler == "vide")
        #expect(picture.name == "front door")
        #expect(picture.isEnabled)
        #expect(picture.sessionDescription == "m=video 0 RTP/AVP 96\r\n")
        #expect(picture.descriptions.map(\.format) == ["avc1"])
        let hint = try #require(movie.track(2))
        #expect(hint.references == ["hint": [1]])
        #expect(hint.name == "name")
        #expect(hint.hintInformation?.readableBytes == 12)
        #expect(movie.track(3) == nil)
    }

    @Test("Tables together say when each sample is, where it is and how long")
    func tables() throws {
        let table = try #require(MovieFixture.read(MovieFixture.plain).track(1)).samples
        let samples = (0..<table.count).compactMap(table.sample(at:))
        #expect(samples.map(\.offset) == [1000, 1010, 2000, 2030, 3000, 4000])
        #expect(samples.map(\.size) == [10, 20, 30, 40, 50, 60])
        #expect(samples.map(\.decodeTime) == [0, 40, 80, 120, 180, 220])
        #expect(samples.map(\.duration) == [40, 40, 40, 60, 40, 40])
        #expect(samples.map(\.compositionOffset) == [40, -10, -10, 0, 0, 0])
        #expect(samples.map(\.isSync) == [true, false, false, true, false, false])
        #expect(table.sample(at: 6) == nil)
        #expect(table.sample(at: -1) == nil)
        #expect([-1, 0, 39, 40, 179, 180, 1000].map(table.index(decodedAt:)) == [0, 0, 0, 1, 3, 4, 5])
        #expect([-1, 0, 2, 3, 9].map { table.syncIndex(atOrBefore: $0) } == [nil, 0, 0, 3, 3])
        #expect([-1, 0, 3, 9].map { table.syncIndex(after: $0) } == [0, 3, nil, nil])
        #expect([0, 1, 3, 4].map { table.syncIndex(before: $0) } == [nil, 0, 0, 3])
        #expect(table.bytes == 210)
        #expect(table.syncCount == 2)
        #expect(table.run(from: 0, maximum: 9) == nil)
    }

    @Test("Sizes of 4, 8 and 16 bits, places of 64 bits and a long mdat before moov are read")
    func compact() throws {
        let movie = try MovieFixture.read(MovieFixture.compact)
        for track in movie.tracks {
            let samples = (0..<3).compactMap(track.samples.sample(at:))
            #expect(samples.map(\.size) == [1, 2, 3])
            #expect(samples.map(\.offset) == [0, 1, 3].map { Int64(track.id) * 100 + $0 })
            #expect(!track.samples.hasSyncTable)
        }
    }

    @Test("QuickTime's names behind their length, its zero behind user data and its samples of one byte are understood")
    func quickTime() throws {
        let movie = try MovieFixture.read(MovieFixture.quickTime)
        #expect(movie.brands.isEmpty)
        #expect(movie.name == "Film")
        let sound = try #require(movie.tracks.first)
        #expect(sound.name == "sound")
        // The table says 1 byte; the description that a frame of two channels is 4.
        #expect(sound.samples.uniformSampleSize == 4)
        #expect(sound.samples.sample(at: 61)?.offset == 904)
        let runs = [sound.samples.run(from: 50, maximum: 1000), sound.samples.run(from: 60, maximum: 5)]
        #expect(runs.map { $0?.offset } == [700, 900])
        #expect(runs.map { $0?.count } == [10, 5])
        #expect(runs.map { $0?.bytes } == [40, 20])
        #expect(runs.map { $0?.duration } == [10, 5])
    }

    @Test("A name behind its length is told from one that a zero ends")
    func names() throws {
        for (bytes, name) in [
            ("\u{4}Abcd", "Abcd"), ("Abcd\0", "Abcd"), ("Abcd", "Abcd"), ("\u{4}Abcd\0\0", "Abcd"), ("\0", nil),
            ("", nil),
            ("!bcd\0", "!bcd"),
        ] as [(String, String?)] {
            var track = MovieFixture.Track(tables: MovieFixture.pictureTables)
            let zeros = [UInt8](repeating: 0, count: 16)
            track.handlerBox = MovieFixture.full(
                "hdlr", MovieFixture.latin("mhlrvide"), zeros.dropLast(4) + MovieFixture.latin(bytes))
            #expect(try MovieFixture.read(MovieFixture.movie([track])).tracks.first?.name == name)
        }
    }

    @Test("Clocks of 64 bits, languages of both kinds and unknown durations are read")
    func longClocks() throws {
        var track = MovieFixture.Track(tables: MovieFixture.pictureTables)
        let dates = MovieFixture.number(UInt64(2_082_844_801)) + MovieFixture.number(UInt64(77))
        track.time = MovieFixture.full(
            "mdhd", version: 1, dates, MovieFixture.numbers([1000]), MovieFixture.number(UInt64.max), [0, 2, 0, 0])
        track.header = MovieFixture.full(
            "tkhd", version: 1, dates, MovieFixture.numbers([9, 0]), Array(repeating: 0, count: 60))
        let read = try #require(MovieFixture.read(MovieFixture.movie([track])).tracks.first)
        #expect(read.id == 9)
        #expect(read.created == 1)
        #expect(read.modified == 77)
        #expect(!read.isEnabled)
        #expect(read.language == "deu")
        #expect(read.duration == 260)
        track.time = nil
        #expect(try MovieFixture.read(MovieFixture.movie([track])).tracks.first?.language == nil)
        #expect([0, 0x15C7, 0x55C4].map { Language.name($0) } == ["eng", "eng", nil])
    }

    @Test("A movie whose media are cut off is read; one whose moov is, is not")
    func cutOff() throws {
        let bytes = MovieFixture.plain
        #expect(try MovieFixture.read(bytes.dropLast(100).map { $0 }).tracks.count == 2)
        #expect(throws: MovieError.truncated(at: Int64(bytes.count - 264))) {
            try MovieFixture.read(Array(bytes.dropLast(300)))
        }
        let recorded = MovieFixture.quickTime
        #expect(throws: MovieError.truncated(at: 1016)) { try MovieFixture.read(Array(recorded.prefix(900))) }
        #expect(throws: MovieError.notAMovie) { try MovieFixture.read(Array(recorded.prefix(1016))) }
        #expect(throws: MovieError.notAMovie) { try MovieFixture.read([]) }
        #expect(throws: MovieError.notAMovie) { try MovieFixture.read(Array("#EXTM3U\nmovie.mp4\n".utf8)) }
    }

    @Test("A track that cannot be read is left out and told; where none can, that is the error")
    func unreadableTracks() throws {
        var bad = MovieFixture.Track(id: 2, tables: MovieFixture.pictureTables)
        bad.tables[3] = MovieFixture.full("stsz", MovieFixture.numbers([0, .max, 5, 5]))
        let good = MovieFixture.Track(tables: MovieFixture.pictureTables)
        let movie = try MovieFixture.read(MovieFixture.movie([bad, good, good]))
        #expect(movie.tracks.map(\.id) == [1])
        #expect(movie.unreadableTracks.count == 2)
        #expect("\(movie.unreadableTracks[0])".contains("4294967295 entries, with room for 2"))
        #expect(throws: MovieError.self) { try MovieFixture.read(MovieFixture.movie([bad])) }
    }

    @Test("Media in another file are told")
    func otherFile() throws {
        for (flags, isHere) in [(1, true), (0, false)] as [(UInt32, Bool)] {
            let dref = MovieFixture.full("dref", MovieFixture.numbers([1]), MovieFixture.full("alis", flags: flags))
            var bytes = MovieFixture.Track(tables: MovieFixture.pictureTables).bytes
            bytes = try #require(MovieFixture.with(MovieFixture.box("dinf", dref), in: "minf", of: bytes))
            let moov = MovieFixture.box("moov", MovieFixture.header(), bytes)
            let movie = try MovieFixture.read(MovieFixture.box("ftyp", MovieFixture.latin("qt  ")) + moov)
            #expect(movie.tracks.first?.isSelfContained == isHere)
        }
    }
}

extension MovieFixture {
    /// A `trak` with another box at the beginning of its `minf`, which is the last one in the last one of it.
    static func with(_ box: [UInt8], in type: String, of track: [UInt8]) -> [UInt8]? {
        var bytes = track
        for parent in ["trak", "mdia", type] {
            guard let place = bytes.firstRange(of: latin(parent))?.lowerBound else { return nil }
            let size = bytes[place - 4..<place].reduce(0) { $0 << 8 | UInt32($1) } + UInt32(box.count)
            bytes.replaceSubrange(place - 4..<place, with: number(size))
        }
        guard let place = bytes.firstRange(of: latin(type))?.upperBound else { return nil }
        bytes.insert(contentsOf: box, at: place)
        return bytes
    }
}
