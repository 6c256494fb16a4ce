import NIOCore
import Testing

@testable import ISOMedia

/// Uncompressed sound that a writer put into samples of many seconds.
@Suite("Long samples of sound")
struct LongSampleTests {
    /// Samples of `lengths` tenths of a second of G.711, each tenth with a number of its own, that are told to last `duration`.
    private static func movie(_ lengths: [Int], duration: Int) -> HandmadeMovie {
        var number: UInt8 = 0
        let samples = lengths.map { length in
            (0..<length).flatMap { _ -> [UInt8] in
                number &+= 1
                return [UInt8](repeating: number, count: 800)
            }
        }
        var movie = HandmadeMovie("ulaw", HandmadeMovie.sound(), samples: samples)
        movie.handler = "soun"
        movie.timescale = 8000
        movie.duration = UInt32(duration * 800)
        return movie
    }

    private static func reader(_ movie: HandmadeMovie, _ bytes: any RandomAccessBytes) throws -> PacketizedSamples {
        let track = try movie.movie.tracks[0]
        return PacketizedSamples(track, format: try MediaTrackFormat(track, in: movie.bytes), in: bytes)
    }

    @Test("They are read and sent a tenth of a second at a time, each when it is due, and nothing gets lost")
    func pieces() throws {
        let movie = Self.movie([100, 100, 37], duration: 100)
        let bytes = NotedBytes(Array(movie.bytes.readableBytesView))
        var reader = try Self.reader(movie, bytes)
        #expect(reader.sampleCount == 300 && !reader.areOwnSamples)
        var payload: [UInt8] = []
        for index in 0..<reader.sampleCount {
            #expect(reader.dueTime(ofSample: index) == Int64(index) * 100_000)
            #expect(reader.presentationTime(ofSample: index) == reader.dueTime(ofSample: index))
            #expect(reader.isSync(index))
            let packets = try PlayedPacket.packets(ofSample: index, &reader)
            #expect(packets.count == (index < 237 ? 5 : 0))
            for (place, packet) in packets.enumerated() {
                #expect(packet.timestamp == UInt32(index * 800 + place * 160))
                payload += packet.payload
            }
        }
        #expect(payload == movie.samples.flatMap { $0 } && reader.leftOut == 0)
        #expect(bytes.most <= 8 << 10)
    }

    @Test("Who seeks into one is sent the tenth of a second that is heard there")
    func seeking() throws {
        let movie = Self.movie([100, 20, 100], duration: 100)
        let reader = try Self.reader(movie, movie.bytes)
        for (time, index) in [(0, 0), (99_900, 0), (100_000, 1), (1_250_000, 12), (9_999_900, 99), (10_000_000, 100)] {
            #expect(reader.syncSample(for: Int64(time)) == index, "\(time)")
        }
        #expect(reader.syncSample(for: 11_950_000) == 119)
        #expect(reader.syncSample(for: 15_000_000) == 119, "there is nothing behind it in that sample")
        #expect(reader.syncSample(for: .max / 4) == 299 && reader.syncSample(for: -1) == 0)
        #expect(reader.syncSample(after: 299) == nil && reader.syncSample(after: 5) == 6)
        #expect(reader.syncSample(before: 0) == nil && reader.syncSample(before: 1000) == 299)
    }

    @Test("Of samples that last less than they hold no piece is due behind the next one")
    func short() throws {
        let movie = Self.movie([30, 30], duration: 10)
        var reader = try Self.reader(movie, movie.bytes)
        let dues = (0..<reader.sampleCount).map { reader.dueTime(ofSample: $0) }
        #expect(zip(dues, dues.dropFirst()).allSatisfy { $0 <= $1 } && dues[29] == 1_000_000 && dues.last == 2_000_000)
        let sizes = try (0..<60).map { try PlayedPacket.packets(ofSample: $0, &reader).count }
        #expect(sizes.allSatisfy { $0 == 5 })
    }

    @Test("Samples of a fifth of a second and less are left as they are; the longest there may be has 256 pieces")
    func counts() throws {
        #expect(try Self.reader(Self.movie([1, 1, 1], duration: 1), ByteBuffer()).areOwnSamples)
        let form = WaveformForm(sampleRate: 8000, channels: 1, numbers: StoredNumbers(kind: .bytes, size: 1))
        func pieces(_ longest: Int) -> SamplePieces {
            SamplePieces(of: [form], longest: longest, timescale: 8000, limit: 1440)
        }
        #expect(pieces(0).count == 1 && pieces(800).count == 1 && pieces(801).count == 2)
        let most = pieces(.max)
        #expect((200...256).contains(most.count))
        let sample = MovieSample(index: 0, offset: 0, size: 16 << 20, decodeTime: 0, duration: 16 << 20)
        let sizes = (0..<most.count).compactMap { most.piece($0, of: sample, .waveform(form))?.sample.size }
        #expect(sizes.reduce(0, +) == 16 << 20 && sizes.allSatisfy { $0 <= 66_000 })
    }

    @Test("Frames that another sample description has with more bytes are cut between them too")
    func descriptions() throws {
        let narrow = WaveformForm(sampleRate: 8000, channels: 1, numbers: StoredNumbers(kind: .signed, size: 3))
        let wide = WaveformForm(sampleRate: 8000, channels: 1, numbers: StoredNumbers(kind: .signed, size: 4))
        let pieces = SamplePieces(of: [wide, narrow], longest: 9600, timescale: 8000, limit: 1440)
        #expect(pieces.count == 4)
        let sample = MovieSample(index: 0, offset: 100, size: 9600, decodeTime: 0, duration: 2400)
        func offsets(_ form: WaveformForm) -> [Int64?] {
            (0..<4).map { pieces.piece($0, of: sample, .waveform(form))?.sample.offset }
        }
        #expect(offsets(narrow) == [100, 2500, 4900, 7300])
        #expect(offsets(wide) == [100, 3300, 6500, nil])
    }

    @Test("A hinted copy of one has the packets in pieces too")
    func hinted() throws {
        let movie = Self.movie([100, 100], duration: 100)
        let track = try HintedTrack(movie.movie.tracks[0], in: movie.bytes, limit: 1440)
        #expect(!track.canRefer && track.packets.sampleCount == 200)
    }
}
