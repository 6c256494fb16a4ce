import Testing

@testable import Media

@Suite("Bit fields")
struct BitReaderTests {
    @Test("Fields are read across byte boundaries, most significant bit first")
    func fields() throws {
        var bits = BitReader([0b1010_1100, 0b0101_0011, 0xFF])
        #expect(try bits.read(3) == 0b101)
        #expect(try bits.read(9) == 0b0_1100_0101)
        #expect(try bits.readFlag() == false)
        #expect(try bits.read(0) == 0)
        #expect(bits.remainingBits == 11)
        #expect(try bits.read(11) == 0b011_1111_1111)
    }

    @Test("A field of 32 bits keeps every bit")
    func wholeWord() throws {
        var bits = BitReader([0x00, 0xDE, 0xAD, 0xBE, 0xEF])
        try bits.skip(8)
        #expect(try bits.read(32) == 0xDEAD_BEEF)
    }

    @Test("Exp-Golomb codes follow table 9-2 and 9-3")
    func expGolomb() throws {
        // 1 010 011 00100 00101 | 1 010 011 00100
        var bits = BitReader([0b1010_0110, 0b0100_0010, 0b1101_0011, 0b0010_0000])
        for expected in UInt32(0)...4 { #expect(try bits.readUnsignedExpGolomb() == expected) }
        for expected in [Int32(0), 1, -1, 2] { #expect(try bits.readSignedExpGolomb() == expected) }
    }

    @Test("The largest code is read, a longer one refused")
    func longCodes() throws {
        var largest = BitReader([0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF])
        #expect(try largest.readUnsignedExpGolomb() == .max - 1)
        var tooLong = BitReader([0, 0, 0, 0, 0x80, 0, 0, 0, 0])
        #expect(throws: BitReader.Exhausted.self) { try tooLong.readUnsignedExpGolomb() }
    }

    @Test("Reading past the end throws and moves nothing")
    func exhausted() throws {
        var bits = BitReader([0xF0])
        try bits.skip(4)
        #expect(throws: BitReader.Exhausted.self) { try bits.read(5) }
        #expect(throws: BitReader.Exhausted.self) { try bits.skip(5) }
        #expect(throws: BitReader.Exhausted.self) { try bits.read(33) }
        #expect(throws: BitReader.Exhausted.self) { try bits.read(-1) }
        #expect(try bits.read(4) == 0)
    }

    @Test("Emulation prevention bytes are no part of the payload")
    func emulationPrevention() throws {
        var bits = BitReader(nalUnit: [0, 0, 3, 1, 0, 0, 3, 0, 0, 3])
        #expect(bits.remainingBits == 7 * 8)
        #expect(try bits.read(24) == 1)
        #expect(try bits.read(32) == 0)
    }
}
