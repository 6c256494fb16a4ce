import Media
import NIOCore
import RTP
import Testing

@Suite struct SoundDepacketizerTests {
    private func frame(_ seed: Int, _ count: Int) -> ByteBuffer {
        ByteBuffer(bytes: (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ seed) })
    }

    private func aac(_ parameters: FormatParameters = FormatParameters()) throws -> Depacketizing {
        try #require(
            Depacketizing(
                .aac, clockRate: 48_000, channels: 2, configuration: .aac(audioSpecificConfig: [0x11, 0x90]),
                parameters: parameters))
    }

    @Test("J4 frames of AAC are what was packetized, whole and in fragments")
    func aacFrames() throws {
        var track = try aac()
        let frames = [300, 2000, 1, 8191, 17].enumerated().map { frame($0, $1) }
        for (index, frame) in frames.enumerated() {
            var payloads: [NormalizedPayload] = []
            AACPacketizer(maximumPayloadSize: 500).packetize(frame) { payloads.append($0) }
            track.receive(payloads, timestamp: UInt32(index) * 1024)
        }
        #expect(track.units.map(\.payload) == frames)
        #expect(track.units.allSatisfy { $0.duration == 1024 && $0.isRandomAccess && !$0.followsLoss })
    }

    @Test("Several frames of AAC in one packet come one after the other")
    func aacFramesTogether() throws {
        var track = try aac()
        let heads: [UInt8] = [0, 48, 0, 3 << 3, 0, 2 << 3, 0, 1 << 3]
        track.receive(heads + [1, 2, 3, 4, 5, 6], timestamp: 9, marker: true)
        #expect(track.units.map { Array(buffer: $0.payload) } == [[1, 2, 3], [4, 5], [6]])
        #expect(track.units.map(\.later) == [0, 1024, 2048])
    }

    @Test("AAC of low bit rate has heads of one byte")
    func lowBitRate() throws {
        var track = try aac(FormatParameters([.init(name: "mode", value: "AAC-lbr")]))
        track.receive([0, 16, 3 << 2, 1 << 2, 1, 2, 3, 4], timestamp: 9, marker: true)
        #expect(track.units.map { Array(buffer: $0.payload) } == [[1, 2, 3], [4]])
    }

    @Test("A frame of AAC that lost a fragment is dropped, and no other")
    func aacLoss() throws {
        var track = try aac()
        for index in 0..<4 {
            var payloads: [NormalizedPayload] = []
            AACPacketizer(maximumPayloadSize: 500).packetize(frame(index, 1200)) { payloads.append($0) }
            track.receive(payloads, timestamp: UInt32(index) * 1024, lost: index == 1 ? [1] : index == 2 ? [2] : [])
        }
        #expect(track.units.map(\.payload) == [frame(0, 1200), frame(3, 1200)])
        #expect(track.units.map(\.followsLoss) == [false, true])
    }

    @Test("A frame of AAC lasts as long as its configuration says")
    func aacDurations() throws {
        // AAC-LC of 24 kHz whose replication makes 48 kHz, told (object type 5); AAC-LD of 48 kHz.
        for (config, duration) in [([0x2B, 0x11, 0x88, 0x00], 2048), ([0xB9, 0x90], 512)] as [([UInt8], Int64)] {
            var track = try #require(
                Depacketizing(.aac, clockRate: 48_000, configuration: .aac(audioSpecificConfig: config)))
            track.receive([0, 16, 0, 8, 1], timestamp: 0, marker: true)
            #expect(track.units.map(\.duration) == [duration])
        }
    }

    @Test(
        "The payload of other sound is the unit, and its bytes tell how long it plays",
        arguments: [
            (Codec.pcmu, 8000, 1, 160, 160), (.pcma, 8000, 2, 160, 80), (.linear16, 44_100, 2, 400, 100),
            (.linear24, 48_000, 2, 600, 100), (.other("G726-32"), 8000, 1, 80, 160),
            (.other("G726-24"), 8000, 1, 60, 160),
            (.other("G726-40"), 8000, 1, 100, 160), (.other("G722"), 8000, 1, 160, 160),
        ] as [(Codec, Int, Int, Int, Int64)])
    func wholePayloads(codec: Codec, clockRate: Int, channels: Int, bytes: Int, duration: Int64) throws {
        var track = try #require(Depacketizing(codec, clockRate: clockRate, channels: channels))
        track.receive(frame(1, bytes), timestamp: 5, marker: true)
        track.sequence += 1
        track.receive(frame(2, bytes), timestamp: 5, marker: false)
        track.receive(ByteBuffer(), timestamp: 6, marker: false)
        #expect(track.units.map(\.payload) == [frame(1, bytes), frame(2, bytes)])
        #expect(track.units.map(\.duration) == [duration, duration])
        #expect(track.units.map(\.followsLoss) == [false, true])
    }

    @Test(
        "A packet of Opus tells by its first bytes how long it plays",
        arguments: [
            ([0x08], 960), ([0x0B, 3], 2880), ([0x78, 1], 960), ([0xF9, 0], 1920), ([0x80, 0], 120),
            ([0xFB, 0x86], 5760), ([0xFB, 0xC7], nil), ([0x0B], nil), ([0x0B, 0], nil),
        ] as [([UInt8], Int64?)])
    func opus(bytes: [UInt8], duration: Int64?) throws {
        var track = try #require(Depacketizing(.opus, clockRate: 48_000, channels: 2))
        track.receive(bytes, timestamp: 5, marker: true)
        #expect(track.units.map(\.duration) == [duration])
    }

    @Test("Of sound that is not understood nothing is made")
    func unknown() {
        let isUnderstood = Depacketizing(.amr, clockRate: 8000) != nil
        #expect(!isUnderstood)
    }

    @Test("Mutated sound never traps, and a frame of AAC is never longer than it may be")
    func mutations() throws {
        var generator = SeededGenerator(seed: 3640)
        var payloads: [NormalizedPayload] = []
        AACPacketizer(maximumPayloadSize: 100).packetize(frame(1, 250)) { payloads.append($0) }
        for mode in ["AAC-hbr", "AAC-lbr"] {
            var track = try aac(FormatParameters([.init(name: "mode", value: mode)]))
            for round in 0..<4000 {
                for payload in payloads {
                    track.receive(
                        generator.mutate(Array(buffer: payload.payload)), timestamp: UInt32(round),
                        marker: payload.marker)
                }
            }
            #expect(track.units.allSatisfy { (1...65_536).contains($0.payload.readableBytes) })
            #expect(track.units.count > 100)
        }
    }
}
