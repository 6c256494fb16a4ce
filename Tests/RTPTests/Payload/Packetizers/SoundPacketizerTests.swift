import NIOCore
import RTP
import Testing

@Suite struct SoundPacketizerTests {
    private struct Payload: Equatable {
        var bytes: [UInt8]
        var later: Int
    }

    /// A frame of layer III: 128 kbit/s at 44.1 kHz, 417 bytes.
    private static func frame(_ seed: UInt8) -> [UInt8] {
        [0xFF, 0xFB, 0x90, 0x64] + (0..<413).map { UInt8($0 & 0x7F) ^ seed }
    }

    private func mpegAudio(_ bytes: [UInt8], limit: Int = 1440) -> [Payload] {
        var payloads: [Payload] = []
        MPEGAudioPacketizer(maximumPayloadSize: limit).packetize(ByteBuffer(bytes: bytes)) {
            payloads.append(Payload(bytes: Array(buffer: $0), later: $1))
        }
        return payloads
    }

    @Test("one frame of MP3 is a payload behind four zeros")
    func mp3() {
        #expect(mpegAudio(Self.frame(1)) == [Payload(bytes: [0, 0, 0, 0] + Self.frame(1), later: 0)])
        #expect(mpegAudio([]).isEmpty)
    }

    @Test("several frames of MP3 share a payload as far as they fit, and each payload has its own time")
    func mp3Frames() {
        let frames = (0..<5).map { Self.frame($0) }
        let payloads = mpegAudio(frames.flatMap { $0 })
        #expect(
            payloads.map(\.bytes) == [[0, 0, 0, 0] + frames[..<3].joined(), [0, 0, 0, 0] + frames[3...].joined()])
        // 3 x 1152 samples of 44.1 kHz in units of 90 kHz, each frame rounded down.
        #expect(payloads.map(\.later) == [0, 3 * 2351])
    }

    @Test("a frame of MP3 that does not fit goes out in fragments that tell their place")
    func mp3Fragments() {
        let frames = [Self.frame(1), Self.frame(2), Self.frame(3)]
        let payloads = mpegAudio(frames.flatMap { $0 }, limit: 204)
        #expect(payloads.map(\.bytes.count) == [204, 204, 21, 204, 204, 21, 204, 204, 21])
        #expect(payloads.map { Array($0.bytes[..<4]) }.prefix(3) == [[0, 0, 0, 0], [0, 0, 0, 200], [0, 0, 1, 144]])
        #expect(payloads.map(\.later) == [0, 0, 0, 2351, 2351, 2351, 4702, 4702, 4702])
        #expect(payloads.flatMap { $0.bytes.dropFirst(4) } == frames.flatMap { $0 })
    }

    @Test("what is no frame goes out as one, as far as the offset reaches")
    func mp3Strange() {
        let payloads = mpegAudio([UInt8](repeating: 7, count: 3000))
        #expect(payloads.map(\.bytes.count) == [1440, 1440, 132])
        #expect(mpegAudio([UInt8](repeating: 7, count: 65_536)).isEmpty)
        #expect(mpegAudio([7]) == [Payload(bytes: [0, 0, 0, 0, 7], later: 0)])
    }

    private func amr(_ bytes: [UInt8], isWideband: Bool = false, limit: Int = 1440) -> [Payload] {
        var payloads: [Payload] = []
        AMRPacketizer(isWideband: isWideband, maximumPayloadSize: limit).packetize(ByteBuffer(bytes: bytes)) {
            payloads.append(Payload(bytes: Array(buffer: $0), later: $1))
        }
        return payloads
    }

    @Test("frames of AMR go out with their headers in front, all but the last with another behind it")
    func amrFrames() {
        let silence: [UInt8] = [0x44] + [UInt8](repeating: 1, count: 5)
        let speech: [UInt8] = [0x3C] + [UInt8](repeating: 2, count: 31)
        let nothing: [UInt8] = [0x7C]
        #expect(amr(speech) == [Payload(bytes: [0xF0, 0x3C] + speech.dropFirst(), later: 0)])
        #expect(
            amr(speech + silence + nothing)
                == [Payload(bytes: [0xF0, 0xBC, 0xC4, 0x7C] + speech.dropFirst() + silence.dropFirst(), later: 0)])
        // Padding bits of the file mean nothing in RTP.
        #expect(amr([0x83 | 0x7C]) == [Payload(bytes: [0xF0, 0x7C], later: 0)])
    }

    @Test("frames of AMR-WB have their own sizes and clock, and a payload takes no more than fit")
    func amrWideband() {
        let speech: [UInt8] = [0x44] + [UInt8](repeating: 3, count: 60)
        let payloads = amr(Array(repeating: speech, count: 5).flatMap { $0 }, isWideband: true, limit: 130)
        #expect(payloads.map(\.bytes.count) == [123, 123, 62])
        #expect(payloads.map(\.later) == [0, 640, 1280])
        #expect(payloads[0].bytes.prefix(3) == [0xF0, 0xC4, 0x44])
    }

    @Test("a frame of AMR that is cut short or reserved ends the payload")
    func amrBroken() {
        #expect(amr([0x7C, 0x3C, 1, 2]) == [Payload(bytes: [0xF0, 0x7C], later: 0)])
        #expect(amr([0x4C, 1, 2, 3]).isEmpty)
        #expect(amr([0x7C, 0x54]) == [Payload(bytes: [0xF0, 0x7C], later: 0)])
        #expect(amr([]).isEmpty)
    }

    @Test("mutated sound never traps, and no payload is longer than it may be")
    func mutations() {
        var generator = SeededGenerator(seed: 4867)
        let sounds = [
            Self.frame(1) + Self.frame(2), [0x3C] + [UInt8](repeating: 2, count: 31) + [0x7C, 0x44, 1, 2, 3, 4, 5],
        ]
        for round in 0..<4000 {
            let bytes = generator.mutate(sounds[round % 2])
            let made = mpegAudio(bytes, limit: 200)
            #expect(made.allSatisfy { $0.bytes.count <= 200 })
            #expect(made.flatMap { $0.bytes.dropFirst(4) } == bytes)
            for isWideband in [false, true] {
                let made = amr(bytes, isWideband: isWideband, limit: 100)
                #expect(made.allSatisfy { (2...100).contains($0.bytes.count) })
            }
        }
    }
}
