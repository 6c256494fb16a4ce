import NIOCore
import TestSupport
import Testing

@testable import ISOMedia

@Suite("What hint tracks cost, and what bad ones do")
struct HintedPacketsHardnessTests {
    private typealias Constructor = HintConstructorBytes

    /// Pictures, sound in blocks, and a hint track of every kind of constructor.
    private static let fixture: [UInt8] = {
        var pictures = TrackBytes(id: 1, chunks: [[Array(0..<60), Array(60..<90)], [Array(90..<110)]], syncs: [0, 2])
        pictures.compositionOffsets = [40, 80, 40]
        pictures.edits = [(120, 40)]
        var sound = TrackBytes(id: 3, handler: "soun", chunks: [[Array(0..<40)], [Array(40..<80)]])
        sound.uniform = (1, [16, 16])
        let first = HintPacketBytes(
            extra: HintPacketBytes.rtpo(3600),
            constructors: [Constructor.immediate([1, 2, 3]), Constructor.sample(1, offset: 4, length: 50)])
        let second = HintPacketBytes(
            relativeTime: 5, flags: 3,
            constructors: [
                Constructor.sample(3, offset: 3, length: 30, track: 1, bytesPerBlock: 10, samplesPerBlock: 4),
                Constructor.description(1, offset: 0, length: 20),
                Constructor.sample(2, offset: 100, length: 8, track: -1),
            ])
        let chunks = [
            [hintSampleBytes([first]), hintSampleBytes([first, second], trailing: Array(0..<40))],
            [hintSampleBytes([]), hintSampleBytes([second], trailing: Array(0..<90))],
        ]
        var hint = TrackBytes.hint(of: [1, 3], chunks: chunks)
        hint.edits = [(40, -1), (200, 0)]
        hint.userData += boxBytes("hinf", boxBytes("payt", bigEndian(UInt32(96)) + [0]))
        return movieBytes([pictures, sound, hint])
    }()

    @Test("Mutated movies are refused or played, and nothing they say lies outside")
    func mutations() throws {
        #expect(try play(Self.fixture) > 3)
        var mutations = HintMutations(seed: 41)
        var played = 0
        for _ in 0..<3000 {
            if let packets = try? play(mutations.mutated(Self.fixture)), packets > 0 { played += 1 }
        }
        #expect(played > 500)
    }

    /// Packets of the first samples.
    private func play(_ bytes: [UInt8]) throws -> Int {
        var packets = try hintedPackets(of: bytes)
        var batch = PacketBatch(heading: PacketHeading(channel: 0, ssrc: 1, sequenceNumber: 0, timestampOrigin: 0))
        for index in 0..<min(packets.sampleCount, 20) {
            try packets.write(sample: index, to: &batch)
            _ = (packets.isSync(index), packets.dueTime(ofSample: index), packets.presentationTime(ofSample: index))
            _ = (packets.syncSample(after: index), packets.syncSample(before: index))
            let sync = packets.syncSample(for: Int64(index) * 30_000)
            #expect(sync >= 0 && sync < packets.sampleCount)
        }
        for entry in batch.entries {
            #expect(entry.offset + entry.length <= batch.bytes.writerIndex && entry.length > 12)
        }
        #expect(batch.entries.count <= batch.bytes.readableBytes / 16)
        return batch.entries.count
    }

    @Test("A packet costs no allocation", .enabled(if: AllocationCount.isKept))
    func noAllocation() throws {
        let media = TrackBytes(
            id: 1, chunks: (0..<8).map { _ in (0..<8).map { _ in [UInt8](repeating: 5, count: 5000) } })
        let chunks = (0..<8).map { chunk in
            (0..<8).map { sample in
                hintSampleBytes(
                    (0..<5).map { packet in
                        HintPacketBytes(
                            extra: HintPacketBytes.rtpo(3600),
                            constructors: [
                                Constructor.immediate([1, 2]),
                                Constructor.sample(chunk * 8 + sample + 1, offset: packet * 1000, length: 1000),
                            ])
                    })
            }
        }
        var packets = try hintedPackets(of: movieBytes([media, TrackBytes.hint(chunks: chunks)]))
        let heading = PacketHeading(channel: 0, ssrc: 1, sequenceNumber: 0, timestampOrigin: 0)
        var batch = PacketBatch(heading: heading, capacity: 1 << 20)
        func playAll() throws {
            batch.removeAll()
            for index in 0..<packets.sampleCount { try packets.write(sample: index, to: &batch) }
        }
        try playAll()
        #expect(batch.entries.count == 320)
        let allocations = try AllocationCount.during(playAll)
        #expect(allocations < 32, "\(allocations) for 320 packets")
    }

    @Test("A description that every packet has again makes 16 MiB of one hint sample, and not what the file asks for")
    func descriptionsAreCounted() throws {
        var media = TrackBytes(id: 1, chunks: [[[1]]])
        media.entry = boxBytes("avc1", [0, 0, 0, 0, 0, 0, 0, 1] + [UInt8](repeating: 7, count: 64_000))
        let packet = HintPacketBytes(constructors: [Constructor.description(1, offset: 0, length: 64_000)])
        let sample = hintSampleBytes(Array(repeating: packet, count: 300))
        var packets = try hintedPackets(of: movieBytes([media, TrackBytes.hint(chunks: [[sample]])]))
        let sent = try sent(by: &packets)
        #expect(sent.packets.count == (16 << 20) / 64_000)
        #expect(packets.leftOut == 300 - sent.packets.count)
    }

    @Test("One hint sample makes 16 384 packets at most, and the next one as many again")
    func packetsAreCounted() throws {
        let packet = HintPacketBytes(constructors: [Constructor.immediate([1])]).bytes
        let sample = bigEndian(UInt16(17_000)) + [0, 0] + Array(repeatElement(packet, count: 17_000).joined())
        let media = TrackBytes(id: 1, chunks: [[[1]]])
        var packets = try hintedPackets(of: movieBytes([media, TrackBytes.hint(chunks: [[sample], [sample]])]))
        var batch = PacketBatch(heading: PacketHeading(channel: 0, ssrc: 1, sequenceNumber: 0, timestampOrigin: 0))
        for index in 0..<2 {
            try packets.write(sample: index, to: &batch)
            #expect(batch.entries.count == 16_384 * (index + 1))
        }
        #expect(packets.leftOut == 2)
    }

    @Test("A hint sample that jumps to and fro in the media, or in the hint track, reads little more than it sends")
    func jumpsAreCounted() throws {
        let far = [UInt8](repeating: 9, count: 200_000)
        let media = TrackBytes(id: 1, chunks: [[[1, 2], far, [3, 4]]])
        for track in [0, -1] as [Int8] {
            let constructors = (0..<1000).map { Constructor.sample($0 % 2 == 0 ? 1 : 3, length: 1, track: track) }
            let jumping = hintSampleBytes([HintPacketBytes(constructors: constructors)])
            let bytes = NotedBytes(movieBytes([media, TrackBytes.hint(chunks: [[[0, 0], far, [0, 0], jumping]])]))
            let movie = try Movie(reading: bytes)
            let hint = try #require(movie.tracks.first(where: HintTrack.isHint))
            var packets = try HintedPackets(HintTrack(hint, of: movie, in: bytes), in: bytes)
            var batch = PacketBatch(heading: PacketHeading(channel: 0, ssrc: 1, sequenceNumber: 0, timestampOrigin: 0))
            let before = bytes.all
            try packets.write(sample: 3, to: &batch)
            #expect(batch.entries.map(\.length) == [1012])
            #expect(bytes.all - before < 1_300_000)
        }
    }
}
