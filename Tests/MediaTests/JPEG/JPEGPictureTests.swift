import NIOCore
import TestSupport
import Testing

@testable import Media

@Suite struct JPEGPictureTests {
    private func reason(_ picture: SampleJPEG) -> JPEGPicture.Unsuitable? {
        do {
            _ = try JPEGPicture(parsing: ByteBuffer(bytes: picture.bytes))
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "size, sampling, tables and scan of a picture are found", arguments: [(0x21, 0), (0x22, 1)] as [(UInt8, UInt8)])
    func parses(sampling: UInt8, type: UInt8) throws {
        var sample = SampleJPEG()
        sample.sampling = sampling
        sample.restartInterval = 4
        let picture = try JPEGPicture(parsing: ByteBuffer(bytes: sample.bytes))
        #expect(picture.dimensions == PictureDimensions(width: 64, height: 48))
        #expect(picture.type == type)
        #expect(picture.restartInterval == 4)
        #expect(picture.quantizationTables == SampleJPEG.tables.flatMap { $0 })
        #expect(picture.tablePrecision == 0)
        #expect(Array(buffer: picture.scan) == sample.scan)
    }

    @Test("J10 a picture without an end marker ends with its bytes")
    func endless() throws {
        var sample = SampleJPEG()
        sample.end = []
        let picture = try JPEGPicture(parsing: ByteBuffer(bytes: sample.bytes))
        #expect(Array(buffer: picture.scan) == sample.scan)
    }

    @Test("tables of 16 bits are told")
    func longTables() throws {
        var sample = SampleJPEG()
        // Comes behind the other tables, and takes the place of the second.
        sample.segments = []
        var bytes = sample.bytes
        let long = [0x11] + [UInt8](repeating: 9, count: 128)
        let segment: [UInt8] = [0xFF, 0xDB, 0, UInt8(long.count + 2)] + long
        let frame = try #require(bytes.indices.first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 })
        bytes.insert(contentsOf: segment, at: frame)
        let picture = try JPEGPicture(parsing: ByteBuffer(bytes: bytes))
        #expect(picture.tablePrecision == 2)
        #expect(picture.quantizationTables == SampleJPEG.tables[0] + long.dropFirst())
    }

    @Test("what RTP cannot carry is told apart")
    func unsuitable() {
        var sample = SampleJPEG()
        #expect(reason(sample) == nil)
        sample.frameMarker = 0xC2
        #expect(reason(sample) == .notBaseline)
        sample = SampleJPEG()
        sample.width = 2048
        #expect(reason(sample) == .tooLarge(PictureDimensions(width: 2048, height: 48)))
        sample.width = 2040
        #expect(reason(sample) == nil)
        sample.sampling = 0x11
        #expect(reason(sample) == .sampling)
        // As ffmpeg writes 4:2:2: RFC 2435 has no such macroblocks.
        sample.colourSampling = 0x12
        sample.sampling = 0x22
        #expect(reason(sample) == .order)
        sample = SampleJPEG()
        sample.huffman = [0x00, 1] + [UInt8](repeating: 0, count: 15) + [5]
        #expect(reason(sample) == .ownHuffmanTables)
        // A table that the scan does not use changes nothing.
        sample.huffman?[0] = 0x03
        #expect(reason(sample) == nil)
        sample = SampleJPEG()
        sample.segments = [(0xE1, [0, 0, 0, 0] + Array("mjpg".utf8) + [0, 0, 0, 9, 0, 0, 0, 9, 0, 0, 0, 9])]
        #expect(reason(sample) == .interlaced)
        sample.scan = []
        sample.segments = []
        #expect(reason(sample) == .unreadable)
    }

    @Test("mutated pictures never trap, and what is read of them is in bounds")
    func mutations() {
        var generator = SeededGenerator(seed: 2435)
        var sample = SampleJPEG()
        sample.scan = [1, 2, 3, 4]
        sample.restartInterval = 7
        sample.huffman = [0] + JPEGHuffmanTables.luminanceDC
        for _ in 0..<5000 {
            let bytes = generator.mutated(sample.bytes)
            guard let picture = try? JPEGPicture(parsing: ByteBuffer(bytes: bytes)) else { continue }
            #expect(picture.dimensions.width <= 2040 && picture.dimensions.height <= 2040)
            #expect(picture.type <= 1 && picture.scan.readableBytes <= bytes.count)
            #expect([128, 192, 256].contains(picture.quantizationTables.count))
        }
    }
}
