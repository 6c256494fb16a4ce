import NIOCore
import Testing

@testable import LibAV

@Suite("EncodedAccessUnit")
struct EncodedAccessUnitTests {
    private func units(_ stream: [UInt8]) -> [[UInt8]] {
        ByteBuffer(bytes: stream).h264UnitsOfByteStream().map { Array($0.readableBytesView) }
    }

    @Test("start codes of three and of four bytes cut alike, zeros before them belong to no unit")
    func cuts() {
        #expect(
            units([0, 0, 0, 1, 0x67, 0x42, 0, 0, 1, 0x68, 9, 0, 0, 0, 1, 0x65, 0, 0, 3, 1]) == [
                [0x67, 0x42], [0x68, 9], [0x65, 0, 0, 3, 1],
            ])
        #expect(units([0, 0, 1, 0x67, 5, 0, 0, 0, 0, 0, 1, 0x68, 0, 0]) == [[0x67, 5], [0x68]])
    }

    @Test(
        "a stream without a whole unit gives none",
        arguments: [
            [], [0], [0, 0, 1], [0, 0, 0, 1, 0, 0, 0], [1, 2, 3, 4], [0, 0, 1, 0, 0, 1],
        ] as [[UInt8]])
    func cutsNothing(stream: [UInt8]) {
        #expect(units(stream) == [])
    }

    @Test("what is joined with start codes comes apart the same, also from the middle of a buffer")
    func roundTrip() throws {
        let parts = [[0x67, 1, 2], [0x68, 3], [0x65, 0, 0, 3, 0, 0, 3, 9]] as [[UInt8]]
        let accessUnit = EncodedAccessUnit(
            nalUnits: parts.map { ByteBuffer(bytes: $0) }, isKeyFrame: true, presentationIndex: 0
        )
        var stream = ByteBuffer(bytes: [0, 0, 0, 0, 1])
        stream.writeImmutableBuffer(accessUnit.annexB)
        stream.moveReaderIndex(forwardBy: 5)
        #expect(stream.h264UnitsOfByteStream() == accessUnit.nalUnits)
    }

    @Test("mutated streams never trap, and units never hold more than the stream or a start code")
    func mutations() {
        var random = LinearCongruentialGenerator(seed: 11)
        let valid: [UInt8] = [0, 0, 0, 1, 0x67, 0x42, 0xC0, 0, 0, 0, 1, 0x68, 0xCE, 0, 0, 1, 0x65, 0x88, 0, 0, 3, 1]
        for _ in 0..<5000 {
            var stream = valid
            for _ in 0..<Int.random(in: 1...4, using: &random) where !stream.isEmpty {
                let index = Int.random(in: 0..<stream.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: stream[index] = UInt8.random(in: 0...3, using: &random)
                case 1: stream.remove(at: index)
                default: stream.insert(0, at: index)
                }
            }
            let units = units(stream)
            let size = units.reduce(0) { $0 + $1.count + 3 }
            #expect(size <= stream.count)
            #expect(units.allSatisfy { !$0.isEmpty && $0.last != 0 && !holdsStartCode($0) })
        }
    }

    private func holdsStartCode(_ unit: [UInt8]) -> Bool {
        unit.indices.dropLast(2).contains { Array(unit[$0...$0 + 2]) == [0, 0, 1] }
    }
}
