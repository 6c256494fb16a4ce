import Foundation
import NIOCore
import Testing

@testable import ISOMedia

/// Some thousands of spoilt movies: each is read, or refused, without harm.
struct MovieMutationTests {
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33 | state << 31
        }
    }

    private static let telling: [UInt32] = [
        0, 1, 2, 7, 8, 16, 0x7F, 0xFF, 0xFFFF, 0x1_0000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFF0, .max,
    ]

    /// One to four edits: a byte or a number changed, a piece taken out, doubled or put elsewhere, the end cut off.
    private func spoilt(_ bytes: [UInt8], by generator: inout Generator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &generator) where bytes.count > 64 {
            let place = Int.random(in: 0..<bytes.count - 40, using: &generator)
            let length = Int.random(in: 1...32, using: &generator)
            switch Int.random(in: 0..<8, using: &generator) {
            case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 1: bytes[place] = UInt8.random(in: 0...255, using: &generator)
            case 2, 3, 4:
                // Where numbers stand: most fields are multiples of four away from the end of a type.
                let value = Self.telling.randomElement(using: &generator) ?? 0
                bytes.replaceSubrange(place / 4 * 4..<place / 4 * 4 + 4, with: MovieFixture.number(value))
            case 5: bytes.removeSubrange(place..<place + length)
            case 6:
                let target = Int.random(in: 0..<bytes.count - 40, using: &generator)
                bytes.replaceSubrange(target..<target + length, with: bytes[place..<place + length])
            default: bytes.removeLast(Int.random(in: 0..<bytes.count / 4, using: &generator))
            }
        }
        return bytes
    }

    @Test(
        "Spoilt movies are read or refused, with memory and time that the file's length bounds",
        arguments: [MovieFixture.plain, MovieFixture.quickTime, MovieFixture.compact, MovieFixture.fragmented])
    func spoiltMovies(fixture: [UInt8]) async throws {
        var generator = Generator(state: UInt64(fixture.count))
        var read = 0
        for _ in 0..<500 {
            // Other tests have things to wait for.
            await Task.yield()
            let bytes = NotedBytes(spoilt(fixture, by: &generator))
            do throws(MovieError) {
                let movie = try Movie(reading: bytes)
                read += 1
                for track in movie.tracks { examine(track) }
            } catch {
                check(!"\(error)".isEmpty)
            }
            check(bytes.most <= bytes.size)
            check(bytes.all <= 3 * bytes.size + 4096)
        }
        // Else all of this would show nothing.
        #expect(read > 50)
    }

    /// Millions of times, which is more than `#expect` is made for.
    private func check(_ claim: Bool, line: Int = #line) {
        if !claim { Issue.record("what line \(line) claims does not hold") }
    }

    /// Everything a player may ask of a track; the ways to ask agree.
    private func examine(_ track: MovieTrack) {
        let table = track.samples
        for start in Set([0, table.count / 2, max(0, table.count - 40)]) {
            var cursor = SampleCursor(table, at: start)
            var last = Int64.min
            for index in start..<min(table.count, start + 40) {
                let sample = cursor.next()
                guard sample == table.sample(at: index), let sample else {
                    check(table.sample(at: index) == sample)
                    break
                }
                check(sample.offset >= 0 && sample.size >= 0 && sample.duration >= 0)
                check(sample.decodeTime >= last)
                last = sample.decodeTime
                examine(sample, of: track)
            }
        }
        check(table.sample(at: table.count) == nil)
        for time in [Int64.min, -1, 0, 1, 1 << 40, .max] {
            check((0...max(0, table.count)).contains(table.index(decodedAt: time)))
            _ = track.edits.presentationTime(ofMedia: time)
            _ = track.edits.mediaTime(atPresentation: time)
        }
        for index in [Int.min, -1, 0, 1, table.count, .max] {
            _ = table.isSync(index)
            _ = table.run(from: index, maximum: 100)
            if let sync = table.syncIndex(before: index) { check(sync < index && sync >= 0) }
        }
        check(table.syncCount <= table.count && table.bytes >= 0)
        _ = (track.presentationEnd, track.descriptions.map(\.soundBoxes.count))
    }

    private func examine(_ sample: MovieSample, of track: MovieTrack) {
        let table = track.samples
        check(table.isSync(sample.index) == sample.isSync)
        let found = table.index(decodedAt: sample.decodeTime)
        check(found >= sample.index && table.sample(at: found).map { $0.decodeTime == sample.decodeTime } ?? true)
        if let sync = table.syncIndex(after: sample.index) {
            check(sync > sample.index && sync < table.count && table.isSync(sync))
        }
        if let sync = table.syncIndex(atOrBefore: sample.index) {
            check(sync <= sample.index && table.isSync(sync))
        }
        if let run = table.run(from: sample.index, maximum: 7) {
            check(
                run.offset == sample.offset && run.decodeTime == sample.decodeTime && run.count > 0 && run.bytes >= 0)
        }
    }

    @Test("Spoilt tables of movies that QuickTime hinted are read or refused too, where such movies are at hand")
    func spoiltRealMovies() async throws {
        var generator = Generator(state: 815)
        let folder = URL(filePath: "../shared/media")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        for name in names.sorted() {
            let file = try FileBytes(path: folder.appending(path: name).path)
            guard let header = try MovieOutline(of: file, limits: MovieLimits()).moov else { continue }
            let moov = try Array(file.read(at: header.offset, count: Int(header.size)).readableBytesView)
            for _ in 0..<8 {
                await Task.yield()
                let bytes = NotedBytes(spoilt(moov, by: &generator))
                let movie = try? Movie(reading: bytes)
                for track in movie?.tracks ?? [] { examine(track) }
                check(bytes.all <= 3 * bytes.size + 4096)
            }
        }
    }

    @Test("Spoilt files are listed box by box, and their tables shown, without harm")
    func spoiltListings() async throws {
        var generator = Generator(state: 4711)
        for fixture in [MovieFixture.plain, MovieFixture.quickTime, MovieFixture.compact, MovieFixture.fragmented] {
            for _ in 0..<75 {
                await Task.yield()
                let bytes = ByteBuffer(bytes: spoilt(fixture, by: &generator))
                var tree = BoxTree(bytes)
                var count = 0
                while let entry = try tree.next() {
                    check(entry.depth < 16)
                    count += 1
                }
                check(count <= bytes.readableBytes / 4)
                for kind in TrackTable.kinds {
                    guard let table = try? TrackTable(kind, ofTrack: 1, in: bytes) else { continue }
                    for row in 0..<min(table.count, 100) { check(table.row(row).count == table.columns.count) }
                }
            }
        }
    }

    @Test("Samples without end in a few bytes cost nothing to read and nothing to find")
    func absurdTables() throws {
        var track = MovieFixture.Track(handler: "soun")
        track.tables = [
            MovieFixture.table("stts", [[.max, 1]]), MovieFixture.table("stsc", [[1, .max, 1]]),
            MovieFixture.full("stsz", MovieFixture.numbers([2, .max])), MovieFixture.table("stco", [[0]]),
        ]
        let bytes = NotedBytes(MovieFixture.movie([track]))
        let movie = try Movie(reading: bytes)
        let table = try #require(movie.tracks.first).samples
        #expect(table.count == Int(UInt32.max))
        #expect(table.sample(at: table.count - 1)?.offset == 2 * (Int64(UInt32.max) - 1))
        #expect(table.run(from: 5, maximum: .max)?.count == table.count - 5)
        examine(try #require(movie.tracks.first))
        #expect(bytes.all < 3000)
    }

    @Test("A moov larger than the limit is refused and never read")
    func largeMoov() {
        let bytes = NotedBytes(
            MovieFixture.movie([], others: MovieFixture.box("free", Array(repeating: 0, count: 90_000))))
        var limits = MovieLimits()
        limits.moovBytes = 5000
        #expect(throws: MovieError.self) { try Movie(reading: bytes, limits: limits) }
        #expect(bytes.most <= MovieOutline.readAhead)
    }
}
