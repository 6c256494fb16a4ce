import NIOCore
import Testing

@testable import ISOMedia

@Suite("Samples of uncompressed sound") struct StoredNumbersTests {
    private static func sent(_ bytes: [UInt8], _ numbers: StoredNumbers) -> [UInt8] {
        var buffer = ByteBuffer()
        bytes.withUnsafeBytes { buffer.write($0, of: numbers) }
        return Array(buffer: buffer)
    }

    private static func bytes(_ values: [some FixedWidthInteger]) -> [UInt8] {
        values.flatMap { value in withUnsafeBytes(of: value) { Array($0) } }
    }

    @Test("Whole numbers become L16 or L24, high byte first, and those without a sign get one")
    func whole() {
        #expect(Self.sent([0, 1, 2], StoredNumbers(kind: .bytes, size: 1)) == [0, 1, 2])
        #expect(
            Self.sent([0, 0x80, 0xFF, 0x81], StoredNumbers(kind: .unsigned, size: 1)) == [
                0x80, 0, 0, 0, 0x7F, 0, 1, 0,
            ])
        #expect(Self.sent([0x80, 0, 0x7F], StoredNumbers(kind: .signed, size: 1)) == [0x80, 0, 0, 0, 0x7F, 0])
        // The last byte is no whole sample.
        #expect(Self.sent([1, 2, 3, 4, 5], StoredNumbers(kind: .signed, size: 2)) == [1, 2, 3, 4])
        #expect(Self.sent([1, 2, 3, 4], StoredNumbers(kind: .signed, size: 2, isLittleEndian: true)) == [2, 1, 4, 3])
        #expect(
            Self.sent([1, 2, 3, 4, 5, 6], StoredNumbers(kind: .signed, size: 3, isLittleEndian: true)) == [
                3, 2, 1, 6, 5, 4,
            ])
        #expect(Self.sent([1, 2, 3, 4, 5, 6, 7, 8], StoredNumbers(kind: .signed, size: 4)) == [1, 2, 3, 5, 6, 7])
        #expect(
            Self.sent([1, 2, 3, 4, 5, 6, 7, 8], StoredNumbers(kind: .signed, size: 4, isLittleEndian: true)) == [
                4, 3, 2, 8, 7, 6,
            ])
    }

    @Test("Floating point becomes L24, within its bounds, also where it is no number")
    func floating() {
        let values: [Float] = [0, 0.5, -0.5, 1, -1, 2, -.infinity, .nan, 0.25 + 1 / 8_388_608]
        let expected: [UInt8] = [
            0, 0, 0, 0x40, 0, 0, 0xC0, 0, 0, 0x7F, 0xFF, 0xFF, 0x80, 0, 0, 0x7F, 0xFF, 0xFF, 0x80, 0, 0, 0, 0, 0, 0x20,
            0, 1,
        ]
        let little = StoredNumbers(kind: .floating, size: 4, isLittleEndian: true)
        #expect(Self.sent(Self.bytes(values.map { $0.bitPattern.littleEndian }), little) == expected)
        let big = StoredNumbers(kind: .floating, size: 4)
        #expect(Self.sent(Self.bytes(values.map { $0.bitPattern.bigEndian }), big) == expected)
        let long = StoredNumbers(kind: .floating, size: 8)
        #expect(Self.sent(Self.bytes(values.map { Double($0).bitPattern.bigEndian }), long) == expected)
        #expect(Self.sent([1, 2, 3], long).isEmpty)
    }

    @Test("A packet has 20 ms or what fits of what is sent, whatever the file has", arguments: [1, 2, 3, 4, 8])
    func packets(size: Int) throws {
        let numbers = StoredNumbers(kind: size == 8 ? .floating : .signed, size: size)
        let form = WaveformForm(sampleRate: 48_000, channels: 2, numbers: numbers)
        let count = form.framesPerPacket(limit: 1440)
        #expect(count * 2 * numbers.sentSize <= 1440 && (count + 1) * 2 * numbers.sentSize > 1440)
    }
}
