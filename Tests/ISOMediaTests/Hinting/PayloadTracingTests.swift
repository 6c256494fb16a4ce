import NIOCore
import Testing

@testable import ISOMedia

@Suite("Payloads found in the media they were made of")
struct PayloadTracingTests {
    /// Bytes unlike each other in every stretch of them.
    private func bytes(_ count: Int, seed: UInt64) -> [UInt8] {
        var generator = HintMutations(seed: seed)
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    private func pieces(_ payloads: [[UInt8]], _ media: [UInt8]) -> [[PayloadPiece]] {
        var tracing = PayloadTracing()
        return payloads.map { tracing.pieces(of: ByteBuffer(bytes: $0), in: ByteBuffer(bytes: media)) }
    }

    @Test("Fragments and whole units are referred to, and their headers are their own")
    func fragments() {
        let unit = bytes(1000, seed: 1)
        let second = bytes(100, seed: 2)
        let media = [0, 0, 3, 0xE8] + unit + [0, 0, 0, 100] + second
        let found = pieces([[0x7C, 0x85] + unit[1..<600], [0x7C, 0x45] + unit[600...], second], media)
        #expect(
            found == [
                [.own(0..<2), .media(offset: 5, length: 599)], [.own(0..<2), .media(offset: 604, length: 400)],
                [.media(offset: 1008, length: 100)],
            ])
    }

    @Test("What is not of the sample stays with the packet, and what the packets leave out is passed over")
    func strangers() {
        let unsent = bytes(300, seed: 3)
        let unit = bytes(200, seed: 4)
        let parameterSets = bytes(30, seed: 5)
        let found = pieces([parameterSets, [9, 9] + unit, [1, 2, 3]], unsent + unit)
        #expect(found == [[.own(0..<30)], [.own(0..<2), .media(offset: 300, length: 200)], [.own(0..<3)]])
    }

    @Test("Every payload can be put together again from its pieces, whatever it is")
    func roundTrip() {
        var generator = HintMutations(seed: 6)
        for round in 0..<200 {
            let media = bytes(Int.random(in: 0...400, using: &generator), seed: UInt64(round))
            let payload = generator.mutated(generator.mutated(media))
            let found = pieces([payload], media)[0]
            let whole = found.flatMap { piece -> [UInt8] in
                switch piece {
                case .own(let range): Array(payload[range])
                case .media(let offset, let length): Array(media[offset..<offset + length])
                }
            }
            #expect(whole == payload)
        }
    }
}
