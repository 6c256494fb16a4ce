import NIOCore
import Testing

@testable import ISOMedia

@Suite("Where decoding can begin in a hint track")
struct HintSynchronizationTests {
    /// Ten pictures at 25 a second, each shown 40 ms after it is decoded.
    private func media(syncs: [UInt32]? = [0, 4, 8]) -> TrackBytes {
        var media = TrackBytes(id: 1, chunks: [(0..<10).map { [UInt8($0), UInt8($0)] }], syncs: syncs)
        media.compositionOffsets = Array(repeating: 40, count: 10)
        media.edits = [(400, 40)]
        return media
    }

    /// One hint sample for each of these media samples, from 0; `nil`: a sample of no packets.
    private func hint(_ samples: [Int?], syncs: [UInt32]? = [0]) -> TrackBytes {
        let chunks = samples.map { sample in
            [
                hintSampleBytes(
                    sample.map {
                        [HintPacketBytes(constructors: [HintConstructorBytes.sample($0 + 1, length: 2)])]
                    } ?? [])
            ]
        }
        var track = TrackBytes.hint(chunks: chunks)
        track.syncs = syncs
        return track
    }

    @Test("Requirement 15: the media track's table counts, not the hint track's")
    func mediaTable() throws {
        let packets = try hintedPackets(of: movieBytes([media(), hint(Array(0..<10))]))
        #expect((0..<10).filter { packets.isSync($0) } == [0, 4, 8])
        #expect([0, 3, 4, 8, 9].map { packets.syncSample(after: $0) } == [4, 4, 8, nil, nil])
        #expect([0, 3, 4, 5, 9].map { packets.syncSample(before: $0) } == [nil, 0, 0, 4, 8])
        // Picture 4 is shown at 160 ms.
        #expect([-1, 0, 159_000, 160_000, 10_000_000].map { packets.syncSample(for: $0) } == [0, 0, 0, 4, 8])
    }

    @Test("Hint samples are asked what they send: some begin later, are split, or send nothing")
    func shifted() throws {
        let samples: [Int?] = [2, 3, nil, 4, 4, 5, 6, nil, nil, 7, 8, 9]
        let packets = try hintedPackets(of: movieBytes([media(), hint(samples)]))
        #expect([0, 1, 3, 6, 11].map { packets.syncSample(for: $0 * 40_000) } == [0, 0, 0, 3, 10])
        #expect(packets.syncSample(for: 160_000) == 3)
        #expect(packets.syncSample(after: 0) == 3)
        #expect(packets.syncSample(after: 7) == 10)
        #expect(packets.syncSample(before: 11) == 10)
        #expect(packets.syncSample(before: 10) == 3)
        #expect(packets.syncSample(before: 3) == nil)
    }

    @Test("A media sample in the midst of a packet is found with the packet")
    func aggregated() throws {
        let packets = try hintedPackets(of: movieBytes([media(), hint([0, 3, 6, 9])]))
        #expect(packets.syncSample(for: 160_000) == 1)
        #expect(packets.syncSample(for: 330_000) == 2)
    }

    @Test("A picture so short that it stands in its hint sample is told by its neighbours")
    func shortPictures() throws {
        var track = hint(Array(0..<10))
        let packet = HintPacketBytes(constructors: [HintConstructorBytes.immediate([3, 3])])
        for index in [3, 4, 5] { track.chunks[index] = [hintSampleBytes([packet])] }
        let packets = try hintedPackets(of: movieBytes([media(), track]))
        #expect((0..<10).filter { packets.isSync($0) } == [0, 4, 8])
        #expect(packets.syncSample(for: 170_000) == 4)
        #expect(packets.syncSample(after: 0) == 4 && packets.syncSample(before: 8) == 4)
    }

    @Test("Where a media track has no table, decoding can begin anywhere")
    func everywhere() throws {
        let packets = try hintedPackets(of: movieBytes([media(syncs: nil), hint(Array(0..<10))]))
        #expect((0..<10).allSatisfy { packets.isSync($0) })
        #expect(packets.syncSample(for: 130_000) == 3)
        #expect(packets.syncSample(after: 9) == nil && packets.syncSample(before: 0) == nil)
        #expect(packets.syncSample(after: 3) == 4 && packets.syncSample(before: 4) == 3)
    }

    @Test("A hint track that holds all payload goes by its own table, else by its place, else by the time")
    func payloadInHintTrack() throws {
        let packet = HintPacketBytes(constructors: [HintConstructorBytes.immediate([1])])
        let chunks = Array(repeating: [hintSampleBytes([packet])], count: 10)
        var own = TrackBytes.hint(chunks: chunks)
        own.syncs = [0, 5]
        let byTable = try hintedPackets(of: movieBytes([media(), own]))
        #expect((0..<10).filter { byTable.isSync($0) } == [0, 5])
        #expect(byTable.syncSample(for: 399_000) == 5 && byTable.syncSample(after: 0) == 5)

        let parallel = try hintedPackets(of: movieBytes([media(), TrackBytes.hint(chunks: chunks)]))
        #expect((0..<10).filter { parallel.isSync($0) } == [0, 4, 8])
        #expect(parallel.syncSample(for: 200_000) == 4 && parallel.syncSample(before: 4) == 0)

        let fewer = TrackBytes.hint(chunks: Array(chunks.dropLast()))
        let byTime = try hintedPackets(of: movieBytes([media(), fewer]))
        // Decoded at 120 ms, 40 ms before it is shown.
        #expect(byTime.syncSample(for: 200_000) == 3)
        #expect(byTime.syncSample(after: 0) == 3)
    }

    @Test("Who goes forwards looks at each hint sample once, and hears what who asks for any of them hears")
    func lookahead() throws {
        let short = hintSampleBytes([HintPacketBytes(constructors: [HintConstructorBytes.immediate([3, 3])])])
        var media = media()
        media.chunks = [(0..<300).map { [UInt8($0 & 0xFF), 1] }]
        media.compositionOffsets = []
        media.edits = []
        media.syncs = [0, 2, 4, 30, 60, 61, 170, 250]
        // References at first, here and there and not at all, and samples of no packets between.
        var track = hint((0..<300).map { [0, 4, 5, 30, 62, 170].contains($0) ? $0 : nil })
        for index in 0..<300 where track.chunks[index][0].count == 4 && index % 7 != 0 { track.chunks[index] = [short] }
        let bytes = NotedBytes(movieBytes([media, track]))
        let movie = try Movie(reading: bytes)
        let hint = try #require(movie.tracks.first(where: HintTrack.isHint))
        var packets = try HintedPackets(HintTrack(hint, of: movie, in: bytes), in: bytes)
        let expected = (0..<300).map { packets.isSync($0) && packets.synchronization.firstPacket(ofSample: $0) != nil }
        #expect(expected.filter(\.self).count > 3)
        let before = bytes.reads
        var batch = PacketBatch(heading: PacketHeading(channel: 0, ssrc: 1, sequenceNumber: 0, timestampOrigin: 0))
        let told = try (0..<300).map { index in
            batch.removeAll()
            try packets.write(sample: index, to: &batch)
            return batch.entries.first?.traits.contains(.startsRandomAccess) ?? false
        }
        #expect(told == expected)
        #expect(bytes.reads - before < 320)
    }
}
