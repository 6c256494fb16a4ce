import NIOCore
import TestSupport
import Testing

@testable import Media

@Suite("H.264 and H.265 as MP4 and Matroska keep them")
struct LengthPrefixTests {
    private static let sequence = ParameterSetSamples.bytes(ParameterSetSamples.h264FullHD)
    private static let picture = ParameterSetSamples.bytes(ParameterSetSamples.h264Picture)

    private static func record(_ sets: [[UInt8]]) -> [UInt8] {
        sets.flatMap { [UInt8($0.count >> 8), UInt8($0.count & 0xFF)] + $0 }
    }

    private static let avcC: [UInt8] =
        [1, 100, 0, 40, 0xFF, 0xE1] + record([sequence]) + [1] + record([picture]) + [0xFD, 0xF8, 0xF8, 0]
    private static let hvcC: [UInt8] =
        [1] + [UInt8](repeating: 0, count: 20) + [0x0F, 3]
        + [0xA0, 0, 1] + record([ParameterSetSamples.bytes(ParameterSetSamples.h265Video)])
        + [0xA1, 0, 1] + record([ParameterSetSamples.bytes(ParameterSetSamples.h265FullHD)])
        + [0xA2, 0, 1] + record([ParameterSetSamples.bytes(ParameterSetSamples.h265Picture)])

    @Test("avcC and hvcC give the parameter sets and the size of the lengths")
    func records() throws {
        let h264 = try #require(AVCDecoderConfiguration(parsing: Self.avcC))
        #expect(h264.lengthSize == 4 && h264.parameterSets == [Self.sequence, Self.picture])
        #expect(CodecConfiguration.h264(of: h264.parameterSets).isComplete)
        let h265 = try #require(HEVCDecoderConfiguration(parsing: Self.hvcC))
        #expect(h265.lengthSize == 4 && CodecConfiguration.h265(of: h265.units).isComplete)
    }

    @Test("A byte stream with start codes is neither, nor is a record that is cut short")
    func others() {
        let stream = AnnexB.byteStream(of: [Self.sequence, Self.picture])
        #expect(AVCDecoderConfiguration(parsing: stream) == nil && HEVCDecoderConfiguration(parsing: stream) == nil)
        #expect(HEVCDecoderConfiguration(parsing: Array(stream.dropFirst())) == nil)
        // What stands behind the parameter sets may be missing.
        for length in 0..<Self.avcC.count - 4 {
            #expect(AVCDecoderConfiguration(parsing: Array(Self.avcC.prefix(length))) == nil)
        }
        for length in 0..<Self.hvcC.count {
            #expect(HEVCDecoderConfiguration(parsing: Array(Self.hvcC.prefix(length))) == nil)
        }
    }

    @Test("A sample is its units, whatever the size of their lengths; one that says too much is none", arguments: 1...4)
    func sample(size: Int) {
        let units: [[UInt8]] = [[0x06, 5], [], [0x65, 1, 2, 3]]
        let bytes = units.flatMap { [UInt8](repeating: 0, count: size - 1) + [UInt8($0.count)] + $0 }
        let found = LengthPrefix.nalUnits(in: ByteBuffer(bytes: bytes), lengthSize: size)
        #expect(found?.map { Array(buffer: $0) } == [[0x06, 5], [0x65, 1, 2, 3]])
        for length in [bytes.count - 1, bytes.count - 4] {
            #expect(LengthPrefix.nalUnits(in: ByteBuffer(bytes: bytes.prefix(length)), lengthSize: size) == nil)
        }
        #expect(LengthPrefix.nalUnits(in: ByteBuffer(bytes: bytes), lengthSize: 0) == nil)
    }

    @Test("A sample of nothing but lengths is none")
    func lengthsOnly() {
        let most = LengthPrefix.mostUnits
        for unit: [UInt8] in [[0], [1, 9]] {
            let sample = ByteBuffer(bytes: [[UInt8]](repeating: unit, count: most).joined())
            #expect(LengthPrefix.nalUnits(in: sample, lengthSize: 1)?.count == (unit == [0] ? 0 : most))
            let longer = ByteBuffer(bytes: [[UInt8]](repeating: unit, count: most + 1).joined())
            #expect(LengthPrefix.nalUnits(in: longer, lengthSize: 1) == nil)
        }
    }

    @Test("Mutated records and samples give units that are within them, or nothing")
    func mutations() {
        var generator = SeededGenerator(seed: 4)
        let sample = Self.record([Self.sequence, Self.picture])
        for _ in 0..<3000 {
            let avcC = generator.mutated(Self.avcC)
            let sets = AVCDecoderConfiguration(parsing: avcC)?.parameterSets ?? []
            #expect(sets.reduce(0) { $0 + $1.count } <= avcC.count)
            let hvcC = generator.mutated(Self.hvcC)
            let units = HEVCDecoderConfiguration(parsing: hvcC)?.units ?? []
            #expect(units.reduce(0) { $0 + $1.count } <= hvcC.count)
            let bytes = generator.mutated(sample)
            let parts = LengthPrefix.nalUnits(in: ByteBuffer(bytes: bytes), lengthSize: 2) ?? []
            #expect(parts.reduce(0) { $0 + $1.readableBytes } <= bytes.count)
        }
    }
}
