import NIOCore
import TestSupport
import Testing

@testable import Media

@Suite("ADTSHeader")
struct ADTSHeaderTests {
    /// 48 kHz mono AAC-LC, 20 bytes with a header of 7.
    private static let frame: [UInt8] =
        [0xFF, 0xF1, 0x4C, 0x40, 0x02, 0x9F, 0xFC] + [UInt8](repeating: 0x21, count: 13)

    @Test("A header tells its frame and what a decoder has to know")
    func header() throws {
        let header = try #require(ADTSHeader(parsing: ByteBuffer(bytes: Self.frame)))
        #expect(header.length == 7 && header.frameLength == 20 && header.blocks == 1)
        #expect(header.configuration == AudioSpecificConfig(sampleRate: 48_000, channels: 1))
    }

    @Test("A checksum makes the header longer")
    func checksum() throws {
        var bytes = Self.frame
        bytes[1] = 0xF0
        #expect(ADTSHeader(parsing: ByteBuffer(bytes: bytes))?.length == 9)
    }

    @Test(
        "What cannot be one is refused",
        arguments: [
            [], [0xFF], [0xFF, 0xF1, 0x4C, 0x40, 0x02, 0x9F], [0x00] + frame.dropFirst(), Array(frame.dropLast()),
            [0xFF, 0xF1, 0x7C] + frame[3...], [0xFF, 0xF1, 0x4C, 0x00] + frame[4...],
        ] as [[UInt8]])
    func refused(bytes: [UInt8]) {
        #expect(ADTSHeader(parsing: ByteBuffer(bytes: bytes)) == nil)
    }

    @Test("No mutation leads out of the buffer")
    func mutations() {
        var generator = SeededGenerator(seed: 13)
        for _ in 0..<5000 {
            let bytes = generator.mutated(Self.frame)
            guard let header = ADTSHeader(parsing: ByteBuffer(bytes: bytes)) else { continue }
            #expect(header.length < header.frameLength && header.frameLength <= bytes.count)
            #expect(header.configuration.serialized != nil)
        }
    }
}
