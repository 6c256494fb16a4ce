import NIOCore
import Testing

@testable import Media

@Suite("Annex B byte streams")
struct AnnexBTests {
    @Test("NAL units stand between start codes of three or four bytes, without trailing zeros")
    func splits() {
        let stream: [UInt8] = [0, 0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x68, 3, 0, 0, 0, 0, 1, 0x65, 4, 0, 0, 3, 5, 0, 0, 0]
        #expect(AnnexB.nalUnits(in: stream) == [[0x67, 1, 2], [0x68, 3], [0x65, 4, 0, 0, 3, 5]])
    }

    @Test("I4 bytes before the first start code are a NAL unit")
    func headless() {
        let payload = ByteBuffer(bytes: [0x67, 9, 0, 0, 0, 1, 0x68, 8, 0, 0, 1, 0x65, 7])
        let units = AnnexB.nalUnits(in: payload).map { Array($0.readableBytesView) }
        #expect(units == [[0x67, 9], [0x68, 8], [0x65, 7]])
        #expect(AnnexB.hasStartCode(payload))
    }

    @Test("Bytes without a start code are one NAL unit, an empty stream is none")
    func noStartCode() {
        #expect(AnnexB.nalUnits(in: [0x65, 0, 0, 2, 1]) == [[0x65, 0, 0, 2, 1]])
        #expect(AnnexB.nalUnits(in: [UInt8]()).isEmpty)
        #expect(AnnexB.nalUnits(in: [0, 0, 0, 1, 0, 0, 1, 0, 0]).isEmpty)
        #expect(!AnnexB.hasStartCode(ByteBuffer(bytes: [0x65, 0, 0, 3, 1, 0, 1])))
    }

    @Test("Every position of a start code is found")
    func everyOffset() {
        for offset in 0..<12 {
            var bytes = [UInt8](repeating: 1, count: 24)
            bytes.replaceSubrange(offset + 3..<offset + 6, with: [0, 0, 1])
            #expect(AnnexB.nalUnits(in: bytes).map(\.count) == [offset + 3, 18 - offset])
        }
    }

    @Test("A byte stream splits into the NAL units that it was made of")
    func roundTrip() {
        let units: [[UInt8]] = [[0x67, 1], [0x68, 0, 1], [0x65, 0xFF]]
        #expect(AnnexB.nalUnits(in: AnnexB.byteStream(of: units)) == units)
    }

    @Test("A slice of a larger buffer is split by its own bytes only")
    func slices() throws {
        var buffer = ByteBuffer(bytes: [9, 9, 0x67, 1, 0, 0, 1, 0x68, 9])
        buffer.moveReaderIndex(forwardBy: 2)
        let slice = try #require(buffer.getSlice(at: buffer.readerIndex, length: 6))
        #expect(AnnexB.nalUnits(in: slice).map { Array($0.readableBytesView) } == [[0x67, 1], [0x68]])
    }
}
