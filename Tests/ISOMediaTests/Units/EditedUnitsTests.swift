import NIOCore
import TestSupport
import Testing

@testable import ISOMedia

@Suite("Units of tracks of which an edit list shows several parts")
struct EditedUnitsTests {
    private static func units(_ movie: HandmadeMovie) throws -> (units: TrackUnits, bytes: ByteBuffer) {
        let bytes = movie.bytes
        return (try TrackUnits(Movie(reading: bytes).tracks[0], in: bytes), bytes)
    }

    private static func all(_ units: TrackUnits) -> [MovieSample] {
        var cursor = units.cursor(over: units.range)
        var samples: [MovieSample] = []
        while let sample = cursor.next() { samples.append(sample) }
        return samples
    }

    @Test("Each part begins with its key picture and ends with its last; what is only decoded is over within 10 ms")
    func parts() throws {
        let (units, bytes) = try Self.units(EditedPacketsTests.movie(edits: EditedPacketsTests.edits))
        let samples = Self.all(units)
        var window = FileWindow(bytes, readAhead: 1000)
        let pictures = try samples.map { try units.payload(of: $0, from: &window).map { Array(buffer: $0)[8] } }
        let expected = [Array(5..<17), Array(20..<25), Array(0..<7), Array(30..<34), Array(10..<15)].flatMap { $0 }
        #expect(pictures.map { $0.map(Int.init) } == expected)
        #expect(samples.map(\.index) == Array(units.range) && units.range == 0..<33)
        // When what is seen begins, in milliseconds: of the first part a tenth of one late for each picture before it.
        let times = samples.map { Double($0.compositionTime) / 90 }
        var begins: [(place: Int, time: Double)] = [(2, 0.2), (3, 40), (11, 360), (12, 400), (16, 560)]
        begins += [(19, 900.2), (20, 940), (23, 1060), (27, 1100.3), (28, 1600), (32, 1760)]
        for (place, time) in begins { #expect(abs(times[place] - time) < 0.11, "\(place): \(times[place])") }
        #expect(times[0] == 0 && times[17] == 900 && times[24] == 1100)
        #expect(zip(samples, samples.dropFirst()).allSatisfy { $0.decodeTime < $1.decodeTime })
        #expect(zip(samples, samples.dropFirst()).allSatisfy { $0.decodeTime + $0.duration == $1.decodeTime })
        #expect(samples.allSatisfy { $0.compositionOffset >= 0 })
        #expect(samples.filter(\.isSync).map(\.index) == [0, 5, 10, 12, 17, 22, 24, 28])
        #expect(units.start == 0 && units.end == 1_800_000 && units.timescale == 90_000)
    }

    @Test("A part without a key picture before it begins with the next one, and one that has none at all is left out")
    func keyPictures() throws {
        let full: UInt32 = 0x1_0000
        var movie = EditedPacketsTests.movie(syncs: [11, 21], edits: [[400, 5 * 3600, full], [400, 2 * 3600, full]])
        let samples = Self.all(try Self.units(movie).units)
        #expect(samples.count == 7 && samples.first?.compositionTime == 5 * 3600)
        movie.edits = [[80, 5 * 3600, full], [80, 2 * 3600, full]]
        #expect(throws: MovieError.nothingToPlay("nothing of what its edit list shows can be decoded")) {
            try Self.units(movie)
        }
    }

    @Test("Who begins anywhere gets the same samples as who has read all before")
    func anywhere() throws {
        let (units, _) = try Self.units(EditedPacketsTests.movie(edits: EditedPacketsTests.edits))
        let all = Self.all(units)
        for start in units.range {
            var cursor = units.cursor(over: start..<units.range.upperBound)
            #expect(cursor.next() == all[start])
        }
    }

    @Test("Uncompressed sound has two seconds before each part to be decoded with, and says what of it is heard")
    func sound() throws {
        let frames = (0..<30_000).map { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
        var movie = HandmadeMovie("sowt", HandmadeMovie.sound(bits: 16), samples: frames)
        (movie.handler, movie.uniformSize, movie.timescale, movie.duration) = ("soun", 2, 8000, 1)
        movie.edits = [[500, 24_000, 0x1_0000], [250, .max, 0x1_0000], [500, 1000, 0x1_0000]]
        let (units, bytes) = try Self.units(movie)
        #expect(units.isEdited && units.sounding?.sampleRate == 8000)
        #expect(units.stretches.map(\.start) == [0, 750_000] && units.stretches.map(\.end) == [500_000, 1_250_000])
        // Blocks 7 to 27, and 0 to 4.
        #expect(units.stretches.map(\.range) == [0..<21, 21..<26])
        let samples = Self.all(units)
        #expect(samples[0].compositionTime == 7 * 1024 - 24_000 && samples[21].compositionTime == 6000 - 1000)
        var window = FileWindow(bytes, readAhead: 1000)
        let first = try units.payload(of: samples[0], from: &window).map { Array(buffer: $0) }
        let second = try units.payload(of: samples[21], from: &window).map { Array(buffer: $0) }
        #expect(first?.prefix(2) == [UInt8(7 * 1024 >> 8), UInt8(7 * 1024 & 0xFF)] && second?.prefix(2) == [0, 0])
    }

    @Test(
        "Whatever is cut out of pictures in another order than they are shown, times grow, and nothing leaves its part")
    func order() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<300 {
            let timescale: UInt32 = [600, 12_800, 30_000, 90_000].randomElement(using: &generator) ?? 600
            let step = Int64(timescale) / 25
            let samples = Self.pictures(Int.random(in: 5...60, using: &generator), step: step, using: &generator)
            let length = Int64(samples.count) * step
            let begin = Int64.random(in: 0..<length, using: &generator)
            let end = Int64.random(in: begin + 1...length + step, using: &generator)
            // All that is decoded up to the last one that is shown.
            let last = samples.lastIndex { $0.compositionTime < end } ?? 0
            let decoded = Array(samples[...last])
            let before = decoded.firstIndex { $0.compositionTime >= begin } ?? decoded.count
            let start = Int64.random(in: 0...10_000_000, using: &generator)
            let shown = start + MovieTime.convert(end - begin, from: timescale, to: MovieTime.microseconds)
            var times = PictureTimes(
                start: start, end: shown, media: (begin, end), timescale: timescale, count: decoded.count,
                beginning: PictureTimes.Beginning(
                    before: before, firstDecoding: before < decoded.count ? decoded[before].decodeTime : nil,
                    lowest: decoded.prefix(before + 1).map(\.compositionTime).min() ?? 0))
            let next = (times.end ?? 0) - Int64.random(in: -3000...30_000, using: &generator)
            times.end(before: next)
            let placed = decoded.enumerated().map {
                (decode: times.decodeTime(of: $1, at: $0), present: times.presentationTime(of: $1))
            }
            #expect(zip(placed, placed.dropFirst()).allSatisfy { $0.decode < $1.decode })
            #expect(placed.allSatisfy { $0.decode <= $0.present && $0.decode < next })
            #expect(placed.first.map { $0.decode >= times.firstDecoding } == true)
            #expect(
                placed.allSatisfy { times.start <= $0.present && $0.present < max(times.end ?? 0, times.start + 1) })
            let inOrder = zip(decoded, placed).sorted { $0.0.compositionTime < $1.0.compositionTime }.map(\.1.present)
            #expect(zip(inOrder, inOrder.dropFirst()).allSatisfy { $0 <= $1 })
        }
    }

    /// A group of them: each is shown up to three later than it is decoded, by a delay that all have.
    private static func pictures(
        _ count: Int, step: Int64, using generator: inout SeededGenerator
    ) -> [MovieSample] {
        var order = [0]
        while order.count < count {
            let run = Int.random(in: 1...4, using: &generator)
            let next = order.count
            order += [next + run - 1] + (next..<next + run - 1)
        }
        return order.enumerated().map { place, shown in
            // Decoding begins two pictures early, as writers have it by their edit lists.
            let decode = Int64(place - 3) * step
            return MovieSample(
                index: place, offset: 0, size: 1, decodeTime: decode, duration: step,
                compositionOffset: Int64(shown) * step - decode, isSync: place == 0)
        }
    }
}
