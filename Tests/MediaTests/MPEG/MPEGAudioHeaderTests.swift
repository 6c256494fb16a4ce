import Testing

@testable import Media

@Suite struct MPEGAudioHeaderTests {
    @Test(
        "headers tell the length of their frames",
        arguments: [
            // MPEG-1 layer III, 128 kbit/s, 44.1 kHz, joint stereo, without and with padding.
            (0xFFFB_9064, 3, 44_100, 1152, 2, 417), (0xFFFB_9264, 3, 44_100, 1152, 2, 418),
            // 320 kbit/s at 32 kHz: the longest there is with a bit rate.
            (0xFFFB_E864, 3, 32_000, 1152, 2, 1440),
            // MPEG-2 layer III, 64 kbit/s, 22.05 kHz, mono.
            (0xFFF3_80C4, 3, 22_050, 576, 1, 208),
            // MPEG-2.5 layer III, 8 kbit/s, 8 kHz, mono.
            (0xFFE3_18C4, 3, 8000, 576, 1, 72),
            // MPEG-1 layer II, 192 kbit/s, 48 kHz; layer I, 384 kbit/s, 48 kHz.
            (0xFFFD_A400, 2, 48_000, 1152, 2, 576), (0xFFFF_C400, 1, 48_000, 384, 2, 384),
        ] as [(UInt32, Int, Int, Int, Int, Int)])
    func parses(header: UInt32, layer: Int, rate: Int, samples: Int, channels: Int, length: Int) throws {
        let parsed = try #require(MPEGAudioHeader(header))
        #expect(parsed.layer == layer)
        #expect(parsed.sampleRate == rate)
        #expect(parsed.samplesPerFrame == samples)
        #expect(parsed.channels == channels)
        #expect(parsed.frameLength == length)
    }

    @Test("what is reserved is no header, and a free bit rate tells no length")
    func others() {
        #expect(MPEGAudioHeader(0x0FFB_9064) == nil)
        #expect(MPEGAudioHeader(0xFFEB_9064) == nil)
        #expect(MPEGAudioHeader(0xFFF9_9064) == nil)
        #expect(MPEGAudioHeader(0xFFFB_F064) == nil)
        #expect(MPEGAudioHeader(0xFFFB_9C64) == nil)
        #expect(MPEGAudioHeader(0xFFFB_0064)?.frameLength == .some(nil))
    }

    @Test("every header that is read has a frame longer than itself")
    func all() {
        for bits in 0...0x1FFFF as ClosedRange<UInt32> {
            guard let parsed = MPEGAudioHeader(0xFFE0_0000 | bits << 4) else { continue }
            #expect(parsed.sampleRate >= 8000 && (parsed.frameLength ?? 24) >= 24)
        }
    }
}
