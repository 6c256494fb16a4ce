import NIOCore
import RTP
import TestSupport
import Testing

@testable import ISOMedia

@Suite struct PacketizedSamplesTests {
    private static let idr: [UInt8] = [0x65, 0x88, 0x84, 0x00, 0x21]
    private static let slice: [UInt8] = [0x41, 0x9A, 0x24, 0x6C]

    private static func movie(lengthSize: UInt8 = 4, _ samples: [[[UInt8]]]) -> HandmadeMovie {
        let joined = samples.map { units in
            units.flatMap { unit in
                HandmadeMovie.number(UInt32(unit.count)).suffix(Int(lengthSize)) + unit
            }
        }
        var movie = HandmadeMovie(
            "avc1", HandmadeMovie.picture(MediaTrackFormatTests.avcC(lengthSize: lengthSize)), samples: joined)
        movie.syncSamples = [1]
        return movie
    }

    @Test(
        "lengths of one, two and four bytes, and parameter sets before what decoding begins with", arguments: [1, 2, 4])
    func lengths(size: UInt8) throws {
        let played = try packets(of: Self.movie(lengthSize: size, [[Self.idr], [Self.slice, Self.slice]]))
        let sets = [MediaTrackFormatTests.sps, MediaTrackFormatTests.pps]
        #expect(played.map(\.packet.payload) == sets + [Self.idr, Self.slice, Self.slice])
        #expect(played.map(\.sample) == [0, 0, 0, 1, 1])
        #expect(played.map(\.packet.marker) == [false, false, true, false, true])
        #expect(played.map(\.packet.timestamp) == [0, 0, 0, 3600, 3600])
        #expect(played.map(\.packet.due) == [0, 0, 0, 40_000, 40_000])
        #expect(played.map(\.packet.traits) == [.startsRandomAccess, [], [], [], []])
    }

    @Test("a delimiter stays the first, and a sample's own parameter sets are enough")
    func delimiter() throws {
        let delimiter: [UInt8] = [0x09, 0xF0]
        let sets = [MediaTrackFormatTests.sps, MediaTrackFormatTests.pps]
        let played = try packets(of: Self.movie([[delimiter, Self.idr]]))
        #expect(played.map(\.packet.payload) == [delimiter] + sets + [Self.idr])
        let own = try packets(of: Self.movie([sets + [Self.idr]]))
        #expect(own.map(\.packet.payload) == sets + [Self.idr])
    }

    @Test("a broken length ends the sample, and what means something else in RTP is left out")
    func broken() throws {
        var movie = Self.movie([[Self.idr, Self.slice], [[0x7C, 0x85, 1], [], [0x41], Self.slice, [0x00, 1]]])
        movie.samples[0] += [0, 0, 1, 0, 5]
        let played = try packets(of: movie)
        #expect(played.filter { $0.sample == 0 }.map(\.packet.payload).suffix(2) == [Self.idr, Self.slice])
        #expect(played.filter { $0.sample == 1 }.map(\.packet.payload) == [Self.slice])
        #expect(played.last?.packet.marker == true)
        movie.samples[0] = [0xFF, 0xFF, 0xFF, 0xFF, 1]
        #expect(try packets(of: movie).allSatisfy { $0.sample == 1 })
    }

    @Test("an edit list moves the beginning, and nothing is sent beyond its end")
    func edits() throws {
        var movie = Self.movie(Array(repeating: [Self.idr], count: 25))
        movie.syncSamples = [1, 6, 11, 16, 21]
        // From the eighth picture on, for half a second: to the 19th and a half.
        movie.edit = (start: 7 * 3600, duration: 500)
        let bytes = movie.bytes
        let track = try Movie(reading: bytes).tracks[0]
        let reader = try PacketizedSamples(track, format: MediaTrackFormat(track, in: bytes), in: bytes)
        #expect(reader.sampleCount == 20)
        #expect(reader.presentationTime(ofSample: 7) == 0 && reader.presentationTime(ofSample: 5) == -80_000)
        #expect(reader.syncSample(for: 0) == 5)
        #expect(reader.syncSample(for: 200_000) == 10 && reader.syncSample(for: 159_000) == 10)
        #expect(reader.syncSample(for: 119_000) == 5)
        #expect(reader.syncSample(after: 10) == 15 && reader.syncSample(after: 15) == nil)
        #expect(reader.syncSample(before: 10) == 5 && reader.syncSample(before: 0) == nil)
        #expect(reader.isSync(10) && !reader.isSync(11))
    }

    @Test("samples may be asked for in any order")
    func anyOrder() throws {
        let movie = Self.movie((0..<20).map { [[0x41, 0x80, UInt8($0)]] })
        let bytes = movie.bytes
        let track = try Movie(reading: bytes).tracks[0]
        var reader = try PacketizedSamples(track, format: MediaTrackFormat(track, in: bytes), in: bytes)
        for index in [0, 5, 6, 7, 3, 19, 0, 1, 19, 18] {
            let played = try PlayedPacket.packets(ofSample: index, &reader)
            #expect(played.last?.payload == [0x41, 0x80, UInt8(index)])
            #expect(reader.dueTime(ofSample: index) == Int64(index) * 40_000)
        }
        #expect(try PlayedPacket.packets(ofSample: 20, &reader).isEmpty)
        #expect(try PlayedPacket.packets(ofSample: -1, &reader).isEmpty)
    }

    @Test("a file that ends before its sample is an error, and the packets before stay")
    func truncated() throws {
        let movie = Self.movie([[Self.idr], [Self.slice]])
        let bytes = movie.bytes
        let track = try Movie(reading: bytes).tracks[0]
        let short = try #require(bytes.getSlice(at: 0, length: 36))
        var reader = try PacketizedSamples(track, format: MediaTrackFormat(track, in: bytes), in: short)
        var batch = PacketBatch(heading: PacketHeading(channel: 0, ssrc: 1, sequenceNumber: 0, timestampOrigin: 0))
        try reader.write(sample: 0, to: &batch)
        #expect(throws: MovieError.self) { try reader.write(sample: 1, to: &batch) }
        #expect(batch.entries.count == 3)
    }

    @Test("frames of AMR keep their time where a sample has several")
    func amr() throws {
        let frame: [UInt8] = [0x3C] + [UInt8](repeating: 9, count: 31)
        var movie = HandmadeMovie("samr", HandmadeMovie.sound(channels: 2), samples: [frame, frame + frame, frame])
        movie.handler = "soun"
        movie.timescale = 8000
        movie.duration = 320
        let played = try packets(of: movie)
        #expect(played.map(\.packet.payload.count) == [33, 65, 33])
        #expect(played.map(\.packet.timestamp) == [0, 320, 640])
        #expect(played[1].packet.payload.prefix(3) == [0xF0, 0xBC, 0x3C])
    }

    @Test("PCM with many frames to a sample goes out in packets of 20 ms as well")
    func blocks() throws {
        let sound = (0..<1000).map { UInt8($0 & 0xFF) }
        var movie = HandmadeMovie("sowt", HandmadeMovie.sound(), samples: [sound, sound])
        movie.handler = "soun"
        movie.timescale = 8000
        movie.duration = 500
        let played = try packets(of: movie)
        #expect(played.map(\.packet.payload.count) == [320, 320, 320, 40, 320, 320, 320, 40])
        #expect(played.map(\.packet.timestamp) == [0, 160, 320, 480, 500, 660, 820, 980])
        #expect(played[0].packet.payload.prefix(4) == [1, 0, 3, 2])
    }
}
