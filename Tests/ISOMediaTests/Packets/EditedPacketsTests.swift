import NIOCore
import RTP
import Testing

@testable import ISOMedia

@Suite("Tracks of which an edit list shows several parts")
struct EditedPacketsTests {
    private static let full: UInt32 = 0x1_0000

    /// Pictures at 25 a second, each of which says its number; every fifth is a key picture.
    static func movie(_ pictures: Int = 50, syncs: [UInt32]? = nil, edits: [[UInt32]]) -> HandmadeMovie {
        let samples = (0..<pictures).map {
            [0, 0, 0, 5, 0x65, 0x88, 0x84, UInt8($0 >> 8), UInt8($0 & 0xFF)] as [UInt8]
        }
        var movie = HandmadeMovie(
            "avc1", HandmadeMovie.picture(MediaTrackFormatTests.avcC(lengthSize: 4)), samples: samples)
        movie.syncSamples = syncs ?? stride(from: 1, through: UInt32(pictures), by: 5).map { $0 }
        movie.edits = edits
        return movie
    }

    private static func reader(_ movie: HandmadeMovie) throws -> any TrackPackets {
        let bytes = movie.bytes
        let track = try Movie(reading: bytes).tracks[0]
        return try PacketizedSamples.whole(track, format: MediaTrackFormat(track, in: bytes), in: bytes)
    }

    /// Cuts, a gap, a repetition, a picture that is held, and what stands before it in the media.
    static let edits: [[UInt32]] = [
        [400, 7 * 3600, full], [200, 20 * 3600, full], [300, .max, full], [200, 2 * 3600, full], [500, 33 * 3600, 0],
        [200, 10 * 3600, full],
    ]

    /// Which picture each sample is, with its RTP time and when it is sent.
    private static func played(_ whole: any TrackPackets) throws -> [(picture: Int, time: Int32, due: Int64)] {
        var reader = whole
        return try (0..<reader.sampleCount).compactMap { index in
            var batch = PacketBatch(heading: PacketHeading(channel: 0, ssrc: 1, sequenceNumber: 7, timestampOrigin: 0))
            try reader.write(sample: index, to: &batch)
            return try PlayedPacket.packets(of: batch).last.map { packet in
                let number = packet.payload.suffix(2).reduce(0) { $0 << 8 | Int($1) }
                return (number, Int32(bitPattern: packet.timestamp), packet.due)
            }
        }
    }

    @Test("Each part is sent from its key picture to its end, at its time; what is only decoded goes by before it")
    func parts() throws {
        let played = try Self.played(Self.reader(Self.movie(edits: Self.edits)))
        #expect(
            played.map(\.picture)
                == [Array(0..<17), Array(20..<25), Array(0..<7), Array(30..<34), Array(10..<15)].flatMap { $0 })
        let shown = played.filter { $0.time % 1800 == 0 }.map { ($0.picture, Int($0.time) / 90) }
        var expected = (0..<17).map { ($0, ($0 - 7) * 40) }
        expected += (0..<5).map { (20 + $0, 400 + $0 * 40) }
        expected += (0..<5).map { (2 + $0, 900 + $0 * 40) }
        expected += [(33, 1100)]
        expected += (0..<5).map { (10 + $0, 1600 + $0 * 40) }
        #expect(shown.map(\.0) == expected.map(\.0) && shown.map(\.1) == expected.map(\.1))
        #expect(zip(played, played.dropFirst()).allSatisfy { $0.time < $1.time && $0.due <= $1.due })
        // Two pictures before the third part, three before the one that is held.
        #expect(played[22].time >= 81_000 - 20 && played[29].time >= 99_000 - 30)
        #expect(played[22].due == 820_000 && played[29].due == 1_060_000)
    }

    @Test("Whoever seeks finds the part that is shown then, and in a gap the one behind it")
    func seeking() throws {
        let reader = try Self.reader(Self.movie(edits: Self.edits))
        let places: [(time: Int64, sample: Int)] = [
            (0, 5), (399_000, 15), (400_000, 17), (599_999, 17), (600_000, 22), (899_000, 22), (1_010_000, 22),
            (1_030_000, 27), (1_300_000, 29), (1_600_000, 33), (.max / 4, 33), (-1, 5),
        ]
        #expect(places.map { reader.syncSample(for: $0.time) } == places.map(\.sample))
        #expect(reader.presentationTime(ofSample: 17) == 400_000 && reader.presentationTime(ofSample: 24) == 900_000)
        // Who is told where a part begins, with the pictures before it, gets the same part for it.
        #expect(reader.syncSample(for: reader.presentationTime(ofSample: 29)) == 29)
        #expect(
            [-1, 0, 15, 17, 22, 27, 29, 33].map { reader.syncSample(after: $0) } == [0, 5, 17, 22, 27, 29, 33, nil])
        #expect(
            [38, 33, 29, 27, 22, 17, 5, 0].map { reader.syncSample(before: $0) } == [33, 29, 27, 22, 17, 15, 0, nil])
        #expect((0..<reader.sampleCount).filter { reader.isSync($0) } == [0, 5, 10, 15, 17, 22, 27, 29, 33])
        #expect(!reader.isSync(-1) && !reader.isSync(38))
    }

    @Test("A playout tells the length of all parts, and goes on with the one that is sought")
    func playout() throws {
        let bytes = Self.movie(edits: Self.edits).bytes
        let program = try MovieProgram(reading: bytes)
        #expect(program.duration == 1_800_000)
        var playout = MoviePlayout(program) { 0 }
        #expect(playout.start(PlayoutCue(position: 1_050_000, channels: [0: 0])).position == 1_020_000)
        var batch = PacketBatch(heading: PacketHeading(channel: 0, ssrc: 1, sequenceNumber: 7, timestampOrigin: 0))
        try playout.fill(&batch, until: .max, bytes: 1 << 20)
        let numbers = try PlayedPacket.packets(of: batch).filter(\.marker).map { Int($0.payload[4]) }
        #expect(numbers == [5, 6, 30, 31, 32, 33, 10, 11, 12, 13, 14])
        #expect(playout.isAtEnd)
    }

    @Test("Parts that are beyond the media, or have no length, show nothing; one that goes beyond ends with the media")
    func beyond() throws {
        let edits: [[UInt32]] = [
            [200, 9_000_000, Self.full], [0, 3600, Self.full], [200, 45 * 3600, Self.full],
            [9000, 48 * 3600, Self.full],
        ]
        let played = try Self.played(Self.reader(Self.movie(edits: edits)))
        #expect(played.suffix(5).map { $0.picture } == Array(45..<50))
        let nothing = try Self.reader(Self.movie(edits: [[9, 9_000_000, Self.full], [9, 9_900_000, Self.full]]))
        #expect(nothing.sampleCount <= 50)
    }

    @Test("As many parts as are read cost no more than there are, and more are refused")
    func many() throws {
        func rows(_ count: Int) -> [[UInt32]] { (0..<count).map { [40, UInt32($0 * 7 % 50) * 3600, Self.full] } }
        let reader = try Self.reader(Self.movie(edits: rows(1024)))
        let played = try Self.played(reader)
        #expect(played.count <= 1024 * 5 + 50)
        #expect(played.filter { $0.time >= 0 && $0.time % 3600 == 0 }.count == 1024)
        #expect(throws: MovieError.tooMuch("1025 edits of a track")) { try Self.reader(Self.movie(edits: rows(1025))) }
    }

    @Test("Where too many pictures would have to be decoded before, a part begins with the next key picture")
    func farKeyPicture() throws {
        let edits: [[UInt32]] = [
            [400, 0, Self.full], [40_000, 1500 * 3600, Self.full], [400, 2900 * 3600, Self.full],
        ]
        let played = try Self.played(Self.reader(Self.movie(3000, syncs: [1, 2001], edits: edits)))
        #expect(played[10].picture == 2000 && played[10].time == 20_400 * 90)
        let last = try #require(played.last)
        #expect(last.picture == 2909 && last.time == 40_760 * 90)
        #expect(zip(played, played.dropFirst()).allSatisfy { $0.time < $1.time })
    }

    @Test("Uncompressed sound is cut to the frame")
    func waveform() throws {
        let frames = (0..<8000).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        var movie = HandmadeMovie("sowt", HandmadeMovie.sound(), samples: [frames])
        movie.handler = "soun"
        (movie.timescale, movie.duration, movie.uniformSize) = (8000, 1, 2)
        movie.edits = [[30, 0, Self.full], [50, 4003, Self.full], [100, 0, 0], [20, 77, Self.full]]
        var reader = try Self.reader(movie)
        var packets: [PlayedPacket] = []
        for index in 0..<reader.sampleCount {
            var batch = PacketBatch(heading: PacketHeading(channel: 0, ssrc: 1, sequenceNumber: 7, timestampOrigin: 0))
            try reader.write(sample: index, to: &batch)
            packets += try PlayedPacket.packets(of: batch)
        }
        #expect(packets.map(\.payload.count) == [320, 160, 320, 320, 160, 320])
        #expect(packets.map(\.timestamp) == [0, 160, 240, 400, 560, 1440])
        #expect(packets.map { Int($0.payload[0]) << 8 | Int($0.payload[1]) } == [0, 160, 4003, 4163, 4323, 77])
    }
}

@Suite("Hint tracks of several parts")
struct EditedHintsTests {
    /// Ten pictures at 25 a second, of which the last six are shown first.
    private func movie(_ hints: [(duration: UInt32, mediaTime: Int32)], syncs: [UInt32]? = [0]) -> [UInt8] {
        var media = TrackBytes(id: 1, chunks: [(0..<10).map { [UInt8($0), UInt8($0)] }], syncs: [0, 4, 8])
        media.edits = [(240, 160), (200, 0)]
        let chunks = (0..<10).map {
            [hintSampleBytes([HintPacketBytes(constructors: [HintConstructorBytes.sample($0 + 1, length: 2)])])]
        }
        var hint = TrackBytes.hint(chunks: chunks)
        hint.edits = hints
        hint.syncs = syncs
        return movieBytes([media, hint])
    }

    @Test("Where both tracks show the same parts, they are sent, and the media track tells where decoding begins")
    func alike() throws {
        let reader = try hintedPackets(of: movie([(240, 14_400), (200, 0)])).whole
        #expect(reader.sampleCount == 15)
        #expect(
            [0, 160_000, 239_000, 240_000, 399_000, 400_000].map { reader.syncSample(for: $0) } == [
                4, 8, 8, 10, 10, 14,
            ])
        var packets: any TrackPackets = reader
        var batch = PacketBatch(heading: PacketHeading(channel: 0, ssrc: 1, sequenceNumber: 7, timestampOrigin: 0))
        for index in 4..<15 { try packets.write(sample: index, to: &batch) }
        let played = try PlayedPacket.packets(of: batch)
        #expect(played.map { $0.payload[0] } == [4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4])
        #expect(played.map(\.timestamp) == (0..<11).map { $0 * 3600 })
        #expect(played.filter { $0.traits == .startsRandomAccess }.map { $0.payload[0] } == [4, 8, 0, 4])
    }

    @Test("Where they show other parts, the hint track is not used, and the reason is told")
    func unlike() throws {
        for hints in [[(240, 0), (200, 14_400 * 10)], [(100, 14_400), (340, 0)], [(100, 0), (100, 0), (240, 0)]]
            as [[(duration: UInt32, mediaTime: Int32)]]
        {
            let error = #expect(throws: MovieError.self) { try hintedPackets(of: movie(hints)) }
            #expect(error.map { "\($0)".contains("another edit list") } == true)
        }
    }

    @Test("A hint track that puts the parts together by itself is asked where decoding begins")
    func flat() throws {
        let packets = try hintedPackets(of: movie([], syncs: [0, 6]))
        #expect((0..<10).filter { packets.isSync($0) } == [0, 6])
    }
}
