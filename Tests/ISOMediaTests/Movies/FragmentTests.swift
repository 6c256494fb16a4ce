import NIOCore
import Synchronization
import Testing

@testable import ISOMedia

struct FragmentTests {
    @Test("Data of a fragment are counted from it, from a place in the file, or from where the part before ends")
    func places() throws {
        let bytes = MovieFixture.fragmented
        let movie = try MovieFixture.read(bytes)
        let start = try #require(bytes.firstRange(of: MovieFixture.latin("moof"))).lowerBound - 4
        let picture = try samples(of: 1, in: movie)
        #expect(picture.map { Int($0.offset) } == [200, 210, 222, 236, 241].map { start + $0 } + [5016, 5022])
        #expect(picture.map(\.size) == [10, 12, 14, 5, 5, 6, 6])
        let sound = try samples(of: 2, in: movie)
        #expect(sound.map { Int($0.offset) } == [246, 253].map { start + $0 })
        #expect(sound.map(\.size) == [7, 9])
    }

    @Test("Times run on from fragment to fragment, and marks are those of samples, fragments or the movie")
    func timesAndMarks() throws {
        let movie = try MovieFixture.read(MovieFixture.fragmented)
        #expect(movie.isFragmented)
        #expect(movie.duration == 704)
        let picture = try samples(of: 1, in: movie)
        #expect(picture.map(\.decodeTime) == [500, 540, 584, 624, 644, 664, 684])
        #expect(picture.map(\.compositionOffset) == [-4, 0, 8, 0, 0, 0, 0])
        #expect(picture.map(\.isSync) == [true, false, false, false, false, true, false])
        let table = try #require(movie.track(1)).samples
        #expect([0, 500, 539, 540, 630, 650, 664, 9999].map(table.index(decodedAt:)) == [0, 0, 0, 1, 3, 4, 5, 6])
        #expect([0, 4, 5, 6].map { table.syncIndex(atOrBefore: $0) } == [0, 0, 5, 5])
        #expect([-1, 0, 5].map { table.syncIndex(after: $0) } == [0, 5, nil])
        #expect(table.syncCount == 2)
        #expect(table.bytes == 58)
        // Of sound each sample can be begun with, whatever the movie's defaults say.
        let sound = try #require(movie.track(2)).samples
        #expect(!sound.hasSyncTable)
        #expect(try samples(of: 2, in: movie).map(\.decodeTime) == [0, 30])
    }

    private func samples(of id: UInt32, in movie: Movie) throws -> [MovieSample] {
        let table = try #require(movie.track(id)).samples
        var cursor = SampleCursor(table)
        return (0..<table.count).compactMap { index in
            let sample = cursor.next()
            #expect(sample == table.sample(at: index))
            return sample
        }
    }

    @Test(
        "A live recording, whose fragments tell the time since its recorder was started, begins with the first of them")
    func liveRecording() throws {
        let hours: UInt64 = 360_000_000
        for (wait, start) in [(nil, 0), (250, 250_000)] as [(UInt32?, Int64)] {
            let movie = try MovieFixture.read(MovieFixture.live(pictures: hours + 40, sound: hours, wait: wait))
            let table = try #require(movie.track(1)).samples
            #expect(table.sample(at: 0)?.decodeTime == 40 && table.sample(at: 1)?.decodeTime == 60)
            #expect(table.index(decodedAt: 60) == 1)
            #expect(try #require(movie.track(2)).samples.sample(at: 0)?.decodeTime == 0)
            #expect(movie.track(2)?.edits.presentationTime(ofMedia: 0) == start)
            #expect(movie.duration == 80 + start / 1000)
        }
    }

    @Test("Very many fragments cost few reads")
    func fewReads() throws {
        let bytes = CountedBytes(
            ByteBuffer(bytes: MovieFixture.live(pictures: 0, sound: 0, wait: nil, fragments: 2000)))
        let movie = try Movie(reading: bytes)
        #expect(movie.track(1)?.samples.count == 4000)
        #expect(bytes.reads.load(ordering: .relaxed) < 100)
    }

    @Test("A recording that ends in the midst of a fragment has those before it")
    func cutOff() throws {
        let bytes = MovieFixture.fragmented
        let movie = try MovieFixture.read(Array(bytes.dropLast(100)))
        #expect(movie.track(1)?.samples.count == 5)
    }

    @Test("Four billion samples in a few bytes are refused, not counted")
    func absurdCounts() throws {
        let tables = [
            MovieFixture.table("stts", []), MovieFixture.table("stsc", []), MovieFixture.sizes([]),
            MovieFixture.table("stco", []),
        ]
        let moov = MovieFixture.box(
            "moov", MovieFixture.header(), MovieFixture.Track(tables: tables).bytes, MovieFixture.box("mvex"))
        for (flags, expected) in [(0, "more than 67108864 samples"), (0x200, "with room for 1")] as [(UInt32, String)] {
            let trun = MovieFixture.full("trun", flags: flags, MovieFixture.numbers([.max, 1]))
            let traf = MovieFixture.box("traf", MovieFixture.full("tfhd", MovieFixture.numbers([1])), trun)
            let error = #expect(throws: MovieError.self) {
                try MovieFixture.read(moov + MovieFixture.box("moof", traf))
            }
            #expect("\(try #require(error))".contains(expected))
        }
    }

    @Test("More fragments, runs or bytes of them than the limits are refused")
    func limits() throws {
        for change in [
            { $0.fragments = 1 }, { $0.fragmentRuns = 2 }, { $0.fragmentBytes = 200 }, { $0.topLevelBoxes = 3 },
        ] as [(inout MovieLimits) -> Void] {
            var limits = MovieLimits()
            change(&limits)
            let error = #expect(throws: MovieError.self) {
                try MovieFixture.read(MovieFixture.fragmented, limits: limits)
            }
            guard case .tooMuch = try #require(error) else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
    }
}

/// Counts how often it is read.
private final class CountedBytes: RandomAccessBytes {
    let reads = Atomic(0)
    private let bytes: ByteBuffer

    init(_ bytes: ByteBuffer) {
        self.bytes = bytes
    }

    var size: Int64 { bytes.size }

    func read(at offset: Int64, count: Int) throws(MovieError) -> ByteBuffer {
        reads.add(1, ordering: .relaxed)
        return try bytes.read(at: offset, count: count)
    }
}

extension MovieFixture {
    /// A picture track and a sound track, two samples of 20 ms in each fragment; `tfdt` of the first ones in milliseconds, and how
    /// long nothing is shown by the edit list.
    fileprivate static func live(pictures: UInt64, sound: UInt64, wait: UInt32?, fragments: Int = 1) -> [UInt8] {
        let tables = [table("stts", []), table("stsc", []), sizes([]), table("stco", [])]
        let edits = wait.map { box("edts", table("elst", [[$0, .max, 0x1_0000], [0, 0, 0x1_0000]])) } ?? []
        let tracks = [(1, "vide"), (2, "soun")].map { id, handler in
            Track(id: id, handler: handler, tables: tables, others: edits).bytes
        }
        let extends = [1, 2].map { full("trex", numbers([$0, 1, 20, 5, 0])) }.flatMap { $0 }
        var bytes =
            box("ftyp", latin("iso5"), numbers([0]))
            + box("moov", header(), tracks.flatMap { $0 }, box("mvex", extends))
        for fragment in 0..<fragments {
            let parts = [(1, pictures), (2, sound)].map { (id: UInt32, start: UInt64) in
                let time = start + UInt64(fragment) * 40
                return box(
                    "traf", full("tfhd", flags: 0x2_0000, numbers([id])), full("tfdt", version: 1, number(time)),
                    full("trun", numbers([2])))
            }
            bytes += box("moof", full("mfhd", numbers([1])), parts.flatMap { $0 }) + box("mdat", [1, 2, 3, 4])
        }
        return bytes
    }
}
