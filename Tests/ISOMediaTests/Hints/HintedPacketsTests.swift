import NIOCore
import RTP
import Testing

@testable import ISOMedia

/// What came out of a hint track.
struct SentPackets {
    var packets: [RTPPacket] = []
    var entries: [PacketBatch.Entry] = []

    var payloads: [[UInt8]] { packets.map { Array($0.payload.readableBytesView) } }

    init(_ batch: PacketBatch) throws {
        entries = batch.entries
        packets = try batch.entries.map { entry in
            guard let bytes = batch.bytes.getSlice(at: entry.offset, length: entry.length) else { throw Missing() }
            return try RTPPacket(validating: bytes)
        }
    }
}

/// All packets of the first hint track of a movie.
func hintedPackets(of bytes: [UInt8]) throws -> HintedPackets {
    let buffer = ByteBuffer(bytes: bytes)
    let movie = try Movie(reading: buffer)
    guard let track = movie.tracks.first(where: HintTrack.isHint) else { throw Missing() }
    return try HintedPackets(HintTrack(track, of: movie, in: buffer), in: buffer)
}

func sent(by packets: inout HintedPackets, sequence: UInt16 = 0) throws -> SentPackets {
    var batch = PacketBatch(
        heading: PacketHeading(channel: 0, ssrc: 1, sequenceNumber: sequence, timestampOrigin: 1_000_000))
    for index in 0..<packets.sampleCount { try packets.write(sample: index, to: &batch) }
    return try SentPackets(batch)
}

private typealias Constructor = HintConstructorBytes

@Suite("The packets of a hint track")
struct HintedPacketsTests {
    private let media = TrackBytes(
        id: 1, chunks: [[Array(0..<20), Array(20..<50)], [Array(50..<60)]], syncs: [0, 2])

    private func hint(_ packets: [[HintPacketBytes]], trailing: [UInt8] = []) -> TrackBytes {
        TrackBytes.hint(chunks: packets.map { [hintSampleBytes($0, trailing: trailing)] })
    }

    @Test("Payload is put together out of media samples and what stands in the packet, with running numbers")
    func mediaReferences() throws {
        let hint = hint([
            [
                HintPacketBytes(
                    bits: 0x80E0, sequence: 77,
                    constructors: [
                        Constructor.immediate([0xAA, 0xBB]), Constructor.sample(1, offset: 2, length: 3),
                        [UInt8](repeating: 0, count: 16), Constructor.sample(3, length: 10),
                    ])
            ],
            [HintPacketBytes(sequence: 90, constructors: [Constructor.sample(2, offset: 29, length: 1)])],
        ])
        var packets = try hintedPackets(of: movieBytes([media, hint]))
        let sent = try sent(by: &packets, sequence: 0xFFFF)
        #expect(sent.payloads == [[0xAA, 0xBB, 2, 3, 4] + Array(50..<60), [49]])
        // Requirement 11.
        #expect(sent.packets.map(\.sequenceNumber.rawValue) == [0xFFFF, 0])
        #expect(sent.packets.map(\.marker) == [true, false])
        #expect(sent.packets.map(\.payloadType) == [96, 96])
        #expect(packets.leftOut == 0)
    }

    @Test("Requirement 11: numbers run on where the hinter's jump, and where packets are left out")
    func ownNumbers() throws {
        let good = HintPacketBytes(sequence: 5, constructors: [Constructor.immediate([1])])
        let bad = HintPacketBytes(sequence: 6, constructors: [Constructor.sample(9, length: 1)])
        let other = HintPacketBytes(sequence: 9000, constructors: [Constructor.immediate([2])])
        var packets = try hintedPackets(of: movieBytes([media, hint([[good, bad, other]])]))
        let sent = try sent(by: &packets, sequence: 100)
        #expect(sent.packets.map(\.sequenceNumber.rawValue) == [100, 101])
        #expect(packets.leftOut == 1)
    }

    @Test("Requirement 5: payload behind the packets of a sample is found, and that of another hint sample as well")
    func selfReferences() throws {
        let trailing: [UInt8] = Array(200..<220)
        let first = HintPacketBytes(constructors: [Constructor.sample(1, offset: 4 + 12 + 16, length: 20, track: -1)])
        let second = HintPacketBytes(constructors: [
            Constructor.sample(1, offset: 4 + 12 + 16 + 5, length: 2, track: -1)
        ])
        let beyond = HintPacketBytes(constructors: [Constructor.sample(3, offset: 40, length: 13, track: -1)])
        let foreign = HintPacketBytes(constructors: [Constructor.sample(1, length: 1, track: -2)])
        let hint = hint([[first], [second], [beyond], [foreign]], trailing: trailing)
        var packets = try hintedPackets(of: movieBytes([media, hint]))
        #expect(try sent(by: &packets).payloads == [trailing, [205, 206]])
        #expect(packets.leftOut == 2)
    }

    @Test("Requirement 6: samples of no packets are passed over")
    func noPackets() throws {
        let packet = HintPacketBytes(constructors: [Constructor.immediate([1])])
        var packets = try hintedPackets(of: movieBytes([media, hint([[], [packet], [], []])]))
        let sent = try sent(by: &packets)
        #expect(sent.packets.map(\.timestamp) == [1_003_600])
        #expect(packets.leftOut == 0)
    }

    @Test("Requirement 7: packets longer than announced are sent whole, up to what a packet can be")
    func longPackets() throws {
        let long = TrackBytes(id: 1, chunks: [[(0..<65_000).map { UInt8(truncatingIfNeeded: $0) }]])
        let whole = HintPacketBytes(constructors: [Constructor.sample(1, length: 65_000)])
        let tooLong = HintPacketBytes(
            constructors: [Constructor.sample(1, length: 65_000), Constructor.sample(1, length: 600)])
        var packets = try hintedPackets(of: movieBytes([long, hint([[tooLong, whole]])]))
        #expect(packets.track.announcedPacketSize == 1450)
        let sent = try sent(by: &packets)
        #expect(sent.payloads.map(\.count) == [65_000])
        #expect(packets.leftOut == 1)
    }

    @Test("Requirement 9: a reference may go on into the next sample only where all samples have one size")
    func beyondOneSample() throws {
        let bad = HintPacketBytes(constructors: [Constructor.sample(1, offset: 10, length: 11)])
        var video = try hintedPackets(of: movieBytes([media, hint([[bad]])]))
        #expect(try sent(by: &video).packets.isEmpty && video.leftOut == 1)

        var sound = TrackBytes(id: 1, handler: "soun", chunks: [[Array(0..<6)], [Array(6..<12)]])
        sound.uniform = (2, [3, 3])
        let good = HintPacketBytes(constructors: [Constructor.sample(2, offset: 1, length: 8)])
        let beyond = HintPacketBytes(constructors: [Constructor.sample(6, offset: 1, length: 2)])
        var packets = try hintedPackets(of: movieBytes([sound, hint([[good, beyond]])]))
        #expect(try sent(by: &packets).payloads == [Array(3..<11)])
        #expect(packets.leftOut == 1)
    }

    @Test("Requirement 8: sound in blocks is addressed through samples and chunks, with a sample size of 1")
    func blocks() throws {
        // Blocks of 10 bytes for 4 samples; two blocks in a chunk.
        var sound = TrackBytes(id: 1, handler: "soun", chunks: [[Array(0..<20)], [Array(20..<40)], [Array(40..<60)]])
        sound.uniform = (1, [8, 8, 8])
        func packet(_ sample: Int, _ offset: Int, _ length: Int) -> HintPacketBytes {
            HintPacketBytes(
                constructors: [
                    Constructor.sample(sample, offset: offset, length: length, bytesPerBlock: 10, samplesPerBlock: 4)
                ])
        }
        let hint = hint([[packet(1, 0, 10), packet(5, 3, 20), packet(1, 25, 35), packet(9, 0, 41), packet(1, 70, 1)]])
        var packets = try hintedPackets(of: movieBytes([sound, hint]))
        #expect(try sent(by: &packets).payloads == [Array(0..<10), Array(13..<33), Array(25..<60)])
        #expect(packets.leftOut == 2)
    }

    @Test("Requirement 1: block sizes of 0 address bytes, in samples of one size too")
    func noBlocks() throws {
        var sound = TrackBytes(id: 1, handler: "soun", chunks: [[Array(0..<4)], [Array(4..<8)]])
        sound.uniform = (1, [4, 4])
        let hint = hint([[HintPacketBytes(constructors: [Constructor.sample(3, offset: 1, length: 3)])]])
        var packets = try hintedPackets(of: movieBytes([sound, hint]))
        #expect(try sent(by: &packets).payloads == [[3, 4, 5]])
    }

    @Test("Bytes of a sample description can be payload")
    func sampleDescription() throws {
        let good = HintPacketBytes(constructors: [Constructor.description(1, offset: 4, length: 14)])
        let own = HintPacketBytes(constructors: [Constructor.description(1, offset: 16, length: 2, track: -1)])
        let bad = [
            Constructor.description(2, offset: 0, length: 1), Constructor.description(0, offset: 0, length: 1),
            Constructor.description(1, offset: 80, length: 60),
            Constructor.description(1, offset: 0, length: 1, track: 5),
        ].map { HintPacketBytes(constructors: [$0]) }
        var packets = try hintedPackets(of: movieBytes([media, hint([[good, own] + bad])]))
        #expect(
            try sent(by: &packets).payloads == [Array("avc1".utf8) + [0, 0, 0, 0, 0, 0, 0, 1, 0, 0], [0, 1]])
        #expect(packets.leftOut == 4)
    }

    @Test(
        "Requirements 3 and 4: relative times move when packets are sent, rtpo moves their timestamps; tims is the clock"
    )
    func times() throws {
        let early = HintPacketBytes(relativeTime: -900, constructors: [Constructor.immediate([1])])
        let late = HintPacketBytes(
            relativeTime: 9000, extra: HintPacketBytes.rtpo(-1500), constructors: [Constructor.immediate([2])])
        let plus = HintPacketBytes(extra: HintPacketBytes.rtpo(3000), constructors: [Constructor.immediate([3])])
        let far = HintPacketBytes(relativeTime: .max, constructors: [Constructor.immediate([4])])
        var hint = hint([[early, late], [plus, far]])
        hint.timescale = 9000
        hint.durations = [360]
        var packets = try hintedPackets(of: movieBytes([media, hint]))
        let sent = try sent(by: &packets)
        #expect(sent.entries.map(\.due) == [-100_000, 1_000_000, 40_000, 10_040_000])
        #expect(sent.packets.map(\.timestamp) == [1_000_000, 998_500, 1_006_600, 1_003_600])
        #expect(packets.dueTime(ofSample: 1) == 40_000)
        #expect(packets.presentationTime(ofSample: 1) == 73_333)
        #expect(packets.rtpTime(at: packets.presentationTime(ofSample: 1)) == 6600)
    }

    @Test(
        "Requirement 16: edit lists move the times, empty ones and those that begin within the media; what comes after the end is not sent"
    )
    func editLists() throws {
        let packet = HintPacketBytes(constructors: [Constructor.immediate([1])])
        var hint = hint([[packet], [packet], [packet], [packet]])
        hint.edits = [(500, -1)]
        hint.edits = [(500, -1), (80, 3600)]
        var packets = try hintedPackets(of: movieBytes([media, hint]))
        #expect(packets.sampleCount == 3)
        #expect((0..<3).map { packets.dueTime(ofSample: $0) } == [460_000, 500_000, 540_000])
        let sent = try sent(by: &packets)
        #expect(sent.packets.map(\.timestamp) == [1_041_400, 1_045_000, 1_048_600])
    }

    @Test("Flags reach whoever has to choose, and the first packet of a sync sample is told")
    func traits() throws {
        let constructor = Constructor.sample(1, length: 1)
        let inner = Constructor.sample(2, length: 1)
        let repeated = HintPacketBytes(flags: 1, constructors: [constructor])
        let plain = HintPacketBytes(constructors: [constructor])
        let disposable = HintPacketBytes(flags: 2, constructors: [inner])
        var packets = try hintedPackets(of: movieBytes([media, hint([[repeated, plain, plain], [disposable]])]))
        let traits = try sent(by: &packets).entries.map(\.traits)
        #expect(traits == [.repeated, .startsRandomAccess, [], .disposable])
    }

    @Test("Padding and header extensions come with the payload, and are told in the header")
    func paddingAndExtension() throws {
        let packet = HintPacketBytes(
            bits: 0x3060, constructors: [Constructor.immediate([0xBE, 0xDE, 0, 0, 7, 8, 0, 2])])
        var packets = try hintedPackets(of: movieBytes([media, hint([[packet]])]))
        #expect(try sent(by: &packets).payloads == [[7, 8]])
    }

    @Test(
        "Requirement 10: what points outside is left out, at a bounded cost, and what is damaged ends its sample only")
    func outside() throws {
        let good = HintPacketBytes(constructors: [Constructor.immediate([1])])
        let bad = [
            Constructor.sample(0, length: 1), Constructor.sample(4, length: 1),
            Constructor.sample(1, offset: 21, length: 0xFFFF),
            Constructor.sample(1, length: 1, track: 7), Constructor.sample(Int(UInt32.max), length: 1),
            Constructor.sample(1, offset: Int(UInt32.max), length: 1),
        ].map { HintPacketBytes(constructors: [$0]) }
        var hint = hint([bad, [good]])
        hint.chunks.append([hintSampleBytes([good], count: 9)])
        hint.chunks.append([hintSampleBytes([good])])
        var packets = try hintedPackets(of: movieBytes([media, hint]))
        #expect(try sent(by: &packets).payloads == [[1], [1], [1]])
        #expect(packets.leftOut == bad.count + 1)

        // One hint sample that asks for the same media again and again, 65 535 bytes each time.
        let long = TrackBytes(id: 1, chunks: [[[UInt8](repeating: 7, count: 65_000)]])
        let greedy = HintPacketBytes(constructors: [Constructor.sample(1, length: 65_000)])
        let many = TrackBytes.hint(chunks: [[hintSampleBytes(Array(repeating: greedy, count: 4000))]])
        var bounded = try hintedPackets(of: movieBytes([long, many]))
        let sent = try sent(by: &bounded)
        #expect(sent.packets.count == (16 << 20) / 65_000)
        #expect(bounded.leftOut == 4000 - sent.packets.count)
    }
}
