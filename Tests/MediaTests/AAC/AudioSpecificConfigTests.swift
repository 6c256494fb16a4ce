import TestSupport
import Testing

@testable import Media

@Suite("AudioSpecificConfig")
struct AudioSpecificConfigTests {
    @Test(
        "The form of two bytes is read and written",
        arguments: [
            ("1210", UInt8(2), 44_100, 2), ("1188", 2, 48_000, 1), ("1408", 2, 16_000, 1), ("1588", 2, 8000, 1),
            ("0A10", 1, 44_100, 2), ("1238", 2, 44_100, 8),
        ]
    )
    func twoBytes(sample: (hexadecimal: String, objectType: UInt8, rate: Int, channels: Int)) throws {
        let bytes = try #require(Hexadecimal.bytes(of: sample.hexadecimal))
        let config = try #require(AudioSpecificConfig(parsing: bytes))
        #expect(config.objectType == sample.objectType)
        #expect(config.sampleRate == sample.rate)
        #expect(config.channels == sample.channels)
        #expect(config.serialized == bytes)
    }

    @Test("Every rate of the table survives the round trip, and one outside it takes five bytes")
    func rates() throws {
        for rate in AudioSpecificConfig.sampleRates + [44_056] {
            let config = AudioSpecificConfig(sampleRate: rate, channels: 1)
            let bytes = try #require(config.serialized)
            #expect(bytes.count == (rate == 44_056 ? 5 : 2))
            #expect(AudioSpecificConfig(parsing: bytes) == config)
        }
    }

    @Test("Spectral band replication tells the core's rate and its own")
    func spectralBandReplication() {
        // 00101 0110 0010 0011 …: HE-AAC, 24 000 Hz core, stereo, 48 000 Hz out.
        let config = AudioSpecificConfig(parsing: [0x2B, 0x11, 0x88, 0x00])
        #expect(config?.objectType == 5)
        #expect(config?.sampleRate == 24_000)
        #expect(config?.channels == 2)
        #expect(config?.extensionSampleRate == 48_000)
    }

    @Test("Reserved values and too few bytes are refused")
    func refused() {
        for bytes: [UInt8] in [[], [0x12], [0x00, 0x10], [0x16, 0x90], [0x17, 0x80, 0, 0, 0], [0x12, 0x40]] {
            #expect(AudioSpecificConfig(parsing: bytes) == nil, "\(bytes)")
        }
        #expect(AudioSpecificConfig(sampleRate: 0, channels: 1).serialized == nil)
        #expect(AudioSpecificConfig(sampleRate: 48_000, channels: 99).serialized == nil)
        #expect(AudioSpecificConfig(objectType: 42, sampleRate: 48_000, channels: 1).serialized == nil)
    }

    @Test("Mutated configurations never trap")
    func mutations() {
        var generator = SeededGenerator(seed: 3640)
        for _ in 0..<4000 {
            guard let config = AudioSpecificConfig(parsing: generator.mutated([0xF9, 0x5E, 0x2B, 0x11, 0x88, 0x00]))
            else {
                continue
            }
            #expect((1...0xFF_FFFF).contains(config.sampleRate))
        }
    }

    @Test(
        "C31 AU header widths are those told, or those of the mode",
        arguments: [
            ("mode=AAC-hbr; sizelength=13; indexlength=3; indexdeltalength=3", AACHeaderLengths.highBitRate),
            ("streamtype=5; mode=AAC_hbr; config=1190; Profile=1;", .highBitRate),
            ("mode=AAC_hbr; SizeLength=13", AACHeaderLengths(size: 13, index: 0, indexDelta: 0)),
            ("mode=AAC-lbr", .lowBitRate),
            ("sizelength=-1", .highBitRate),
            ("", .highBitRate),
        ]
    )
    func headerLengths(parameters: String, expected: AACHeaderLengths) {
        #expect(AACHeaderLengths(FormatParameters(parsing: parameters)) == expected)
    }
}
