import NIOCore
import RTP
import TestSupport
import Testing

@testable import ISOMedia

/// What packets of a sample may cost, how long they may be, and what is told of samples that cannot be carried.
@Suite struct PacketizingBoundsTests {
    private static func sound(_ format: FourCC, rate: UInt16 = 8000, _ boxes: [UInt8] = [], _ samples: [[UInt8]])
        -> HandmadeMovie
    {
        var movie = HandmadeMovie(format, HandmadeMovie.sound(rate: rate, boxes), samples: samples)
        movie.handler = "soun"
        movie.timescale = 8000
        return movie
    }

    private static func picture(_ format: FourCC, _ boxes: [UInt8] = [], _ samples: [[UInt8]]) -> HandmadeMovie {
        HandmadeMovie(format, HandmadeMovie.picture(boxes), samples: samples)
    }

    private static func reader(_ movie: HandmadeMovie, limit: Int = 1440) throws -> PacketizedSamples {
        let bytes = movie.bytes
        let track = try Movie(reading: bytes).tracks[0]
        return PacketizedSamples(track, format: try MediaTrackFormat(track, in: bytes), in: bytes, limit: limit)
    }

    /// Payloads of all samples, and how many samples were not carried as a whole.
    private static func played(_ movie: HandmadeMovie, limit: Int = 1440) throws -> (sizes: [Int], leftOut: Int) {
        var reader = try reader(movie, limit: limit)
        var sizes: [Int] = []
        for index in 0..<reader.sampleCount {
            sizes += try PlayedPacket.packets(ofSample: index, &reader).map(\.payload.count)
        }
        return (sizes, reader.leftOut)
    }

    private static let frame: [UInt8] = [0xFF, 0xFB, 0x90, 0] + [UInt8](repeating: 0, count: 413)
    private static let visual = HandmadeMovie.esds(0x20, [0, 0, 1, 0xB0, 1])

    /// A sample of each codec that is longer than the packets asked for.
    private static let long: [HandmadeMovie] = [
        picture("avc1", MediaTrackFormatTests.avcC(), [HandmadeMovie.number(2000) + [0x65] + zeros(1999)]),
        picture("mp4v", visual, [[0, 0, 1, 0xB6] + zeros(2000)]),
        picture("s263", [], [[0, 0, 0x80, 2] + zeros(2000)]),
        picture("jpeg", [], [SampleJPEG().bytes]),
        sound(".mp3", [], [frame + frame + frame]),
        sound("samr", [], [(0..<40).flatMap { _ in [0x3C] + zeros(31) }]),
        sound("mp4a", HandmadeMovie.esds(0x40, [0x12, 0x10]), [zeros(1500)]),
        sound("sowt", rate: 16_000, [], [zeros(4000)]),
    ]

    private static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

    @Test("Packets are as short as was asked for, of every codec that can be divided", arguments: long.indices)
    func limits(index: Int) throws {
        let movie = Self.long[index]
        let (short, lost) = try Self.played(movie, limit: 400)
        #expect(short.allSatisfy { $0 <= 400 } && short.contains { $0 > 300 })
        #expect(lost == 0)
        #expect(try Self.played(movie).sizes.count < short.count)
    }

    @Test("Sound of a few samples a second is refused: each of its bytes would cost a packet")
    func slowSound() throws {
        for rate in [1, 8, 999] as [UInt16] {
            let error = #expect(throws: MovieError.self) {
                try Self.reader(Self.sound("ulaw", rate: rate, [], [Self.zeros(65_536)]))
            }
            #expect(error == .nothingToPlay("it has \(rate) samples a second"))
        }
        #expect(try Self.played(Self.sound("ulaw", rate: 1000, [], [Self.zeros(65_536)])).sizes.count == 3277)
    }

    @Test(
        "One sample costs 64 pictures at most, and what lies beyond is told; of sound it is sent in pieces, all of it")
    func manyPackets() throws {
        let sound = try Self.played(Self.sound("ulaw", rate: 1000, [], [Self.zeros(200_000)]))
        #expect(sound.sizes.count == 10_000 && sound.leftOut == 0)
        let codes = (0..<20_000).flatMap { _ in [0, 0, 1, 0xB6] as [UInt8] }
        let pictures = try Self.played(Self.picture("mp4v", Self.visual, [codes]))
        #expect(pictures.sizes.count == 64 && pictures.leftOut == 1)
    }

    @Test("Samples that cannot be carried, or not as a whole, are counted")
    func leftOut() throws {
        var own = SampleJPEG()
        own.huffman = [0x00, 1] + Self.zeros(15) + [5]
        let jpeg = try Self.played(Self.picture("jpeg", [], [SampleJPEG().bytes, own.bytes, own.bytes]))
        #expect(jpeg.leftOut == 2 && !jpeg.sizes.isEmpty)
        let aac = HandmadeMovie.esds(0x40, [0x12, 0x10])
        #expect(try Self.played(Self.sound("mp4a", aac, [[1], Self.zeros(8192), [2], []])).leftOut == 1)
        #expect(try Self.played(Self.sound("samr", [], [[0x3C] + Self.zeros(31), [0x3C, 1]])).leftOut == 1)
        #expect(try Self.played(Self.picture("s263", [], [[0, 0, 0x80, 2], [1, 2, 3]])).leftOut == 1)
        let unit: [UInt8] = [0, 0, 0, 3, 0x65, 0x88, 0x84]
        let broken = Self.picture("avc1", MediaTrackFormatTests.avcC(), [unit, unit + [0, 0, 9, 0, 1], unit])
        #expect(try Self.played(broken).leftOut == 1)
    }

    @Test("A track whose last sample cannot be found by its edit list is opened at once")
    func endlessWalk() throws {
        let tables = [
            MovieFixture.table("stts", [[1 << 26, 1]]), MovieFixture.table("stsc", [[1, 1 << 26, 1]]),
            MovieFixture.full("stsz", MovieFixture.numbers([1, 1 << 26])), MovieFixture.table("stco", [[8]]),
            MovieFixture.table("ctts", [[1 << 26, 0x7FFF_FFFF]]),
        ]
        var track = MovieFixture.Track(handler: "vide", tables: tables)
        track.others = MovieFixture.box("edts", MovieFixture.table("elst", [[50_000_000, 0, 0x1_0000]]))
        let read = try #require(try MovieFixture.read(MovieFixture.movie([track])).tracks.first)
        let clock = ContinuousClock()
        // In a debug build each step costs some microseconds: these would be minutes.
        #expect(clock.measure { _ = PlayedSpan(of: read) } < .seconds(2))
        #expect(PlayedSpan(of: read).end <= read.samples.count)
    }

    @Test("A writer that lets all pictures be shown two seconds later loses none by its edit list")
    func delayed() throws {
        let tables = [
            MovieFixture.table("stts", [[400, 10]]), MovieFixture.table("stsc", [[1, 400, 1]]),
            MovieFixture.full("stsz", MovieFixture.numbers([1, 400])), MovieFixture.table("stco", [[8]]),
            MovieFixture.table("ctts", [[400, 2000]]),
        ]
        var track = MovieFixture.Track(handler: "vide", tables: tables)
        // One second of media from 2000 on: 100 samples.
        track.others = MovieFixture.box("edts", MovieFixture.table("elst", [[1000, 2000, 0x1_0000]]))
        let read = try #require(try MovieFixture.read(MovieFixture.movie([track])).tracks.first)
        #expect(PlayedSpan(of: read).end == 100)
    }

    @Test("Four billion samples of one size are refused, unless they are frames of uncompressed sound")
    func constantSizes() throws {
        func movie(_ handler: String, size: UInt32) throws -> Movie {
            let tables = [
                MovieFixture.table("stts", [[.max, 1]]), MovieFixture.table("stsc", [[1, .max, 1]]),
                MovieFixture.full("stsz", MovieFixture.numbers([size, .max])), MovieFixture.table("stco", [[8]]),
            ]
            return try MovieFixture.read(
                MovieFixture.movie([MovieFixture.Track(handler: handler, tables: tables)]))
        }
        for (handler, size) in [("vide", 1), ("hint", 12), ("soun", 257)] as [(String, UInt32)] {
            #expect(throws: MovieError.tooMuch("4294967295 samples in a track")) {
                try movie(handler, size: size)
            }
        }
        #expect(try movie("soun", size: 4).tracks[0].samples.count == Int(UInt32.max))
    }

    @Test(
        "A picture of H.264 costs no allocation for a packet, a key picture neither",
        .enabled(if: AllocationCount.isKept), arguments: [0x41, 0x65] as [UInt8])
    func allocations(header: UInt8) throws {
        let unit = [header, 0x9A] + [UInt8](repeating: 0x55, count: 20_000)
        var movie = Self.picture(
            "avc1", MediaTrackFormatTests.avcC(),
            Array(repeating: HandmadeMovie.number(UInt32(unit.count)) + unit, count: 40))
        movie.syncSamples = header == 0x65 ? nil : [1]
        var reader = try Self.reader(movie)
        var batch = PacketBatch(
            heading: PacketHeading(channel: 0, ssrc: 1, sequenceNumber: 0, timestampOrigin: 0), capacity: 1 << 20)
        for index in 0..<20 { try reader.write(sample: index, to: &batch) }
        batch.removeAll()
        let allocations = try AllocationCount.during {
            for index in 20..<40 { try reader.write(sample: index, to: &batch) }
        }
        #expect(batch.entries.count == 20 * (header == 0x65 ? 16 : 14))
        // Of a parameter set a debug build allocates the way to its bytes.
        #expect(allocations <= (header == 0x65 ? 8 : 1) * 20)
    }
}
