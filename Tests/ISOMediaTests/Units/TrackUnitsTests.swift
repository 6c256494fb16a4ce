import NIOCore
import Testing

@testable import ISOMedia

struct TrackUnitsTests {
    private static let unit: [UInt8] = [0x65, 0x88, 0x84, 0x00]

    private static func movie(lengthSize: UInt8, length: [UInt8]) -> HandmadeMovie {
        var movie = HandmadeMovie(
            "avc1", HandmadeMovie.picture(MediaTrackFormatTests.avcC(lengthSize: lengthSize)),
            samples: Array(repeating: length + unit, count: 10))
        movie.syncSamples = [1, 4, 7]
        return movie
    }

    @Test("NAL units come behind four bytes of length each, whatever the file has", arguments: [1, 2, 4] as [UInt8])
    func lengths(lengthSize: UInt8) throws {
        let length = Array([0, 0, 0, 4].suffix(Int(lengthSize))) as [UInt8]
        let movie = Self.movie(lengthSize: lengthSize, length: length)
        let bytes = movie.bytes
        let units = try TrackUnits(Movie(reading: bytes).tracks[0], in: bytes)
        var cursor = units.cursor(over: units.range)
        var window = FileWindow(bytes, readAhead: 100)
        var count = 0
        while let sample = cursor.next() {
            let payload = try units.payload(of: sample, from: &window)
            #expect(payload.map { Array(buffer: $0) } == [0, 0, 0, 4] + Self.unit)
            count += 1
        }
        #expect(count == 10)
    }

    @Test(
        "Times are those of the presentation; it begins with the key picture that the first one shown is decoded with")
    func edits() throws {
        var movie = Self.movie(lengthSize: 4, length: [0, 0, 0, 4])
        // From the sixth sample on, for 120 ms.
        movie.edit = (start: 5 * 3600, duration: 120)
        let bytes = movie.bytes
        let units = try TrackUnits(Movie(reading: bytes).tracks[0], in: bytes)
        #expect(units.range.lowerBound == 3)
        #expect(units.start == 0 && units.end == 120_000)
        var cursor = units.cursor(over: units.range)
        #expect(cursor.next()?.decodeTime == -2 * 3600)
        #expect(cursor.next()?.decodeTime == -3600)
    }

    @Test("Pictures without a key picture, and other codecs, are refused with the reason")
    func refusals() throws {
        var movie = Self.movie(lengthSize: 4, length: [0, 0, 0, 4])
        movie.syncSamples = []
        let bytes = movie.bytes
        let track = try Movie(reading: bytes).tracks[0]
        #expect(throws: MovieError.nothingToPlay("it has no key picture")) { try TrackUnits(track, in: bytes) }
        var sound = HandmadeMovie(".mp3", HandmadeMovie.sound(bits: 16), samples: [[1, 2, 3, 4]])
        sound.handler = "soun"
        let other = sound.bytes
        let heard = try Movie(reading: other).tracks[0]
        #expect(throws: MovieError.nothingToPlay("its first sample is no frame of MPEG audio")) {
            try TrackUnits(heard, in: other)
        }
    }

    @Test("Sound of a byte or a few to the sample comes in blocks of 1024, as RTP has it")
    func blocks() throws {
        let frames = (0..<2500).map { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        var movie = HandmadeMovie("sowt", HandmadeMovie.sound(bits: 16), samples: frames)
        movie.handler = "soun"
        movie.uniformSize = 2
        let bytes = movie.bytes
        let units = try TrackUnits(Movie(reading: bytes).tracks[0], in: bytes)
        let sounding = try #require(units.sounding)
        #expect(units.range == 0..<3 && units.isSound && sounding.mpeg == nil)
        var cursor = units.cursor(over: units.range)
        var window = FileWindow(bytes, readAhead: 100)
        var (heard, counts): ([UInt8], [Int]) = ([], [])
        while let sample = cursor.next() {
            counts.append(sounding.count(in: sample))
            let payload = try #require(try units.payload(of: sample, from: &window))
            heard += sounding.frames(in: payload).flatMap { Array(buffer: $0) }
        }
        #expect(counts == [1024, 1024, 452])
        #expect(heard == frames.flatMap { $0.reversed() })
    }
}
