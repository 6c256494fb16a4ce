import NIOCore
import Testing

@testable import ISOMedia

@Suite("How pictures are turned")
struct PictureTurnTests {
    private static let one: Int32 = 0x10000

    private static func turn(_ a: Int32, _ b: Int32, _ c: Int32, _ d: Int32, _ x: Int32 = 0) -> PictureTurn? {
        var header = ByteBuffer(repeating: 0xEE, count: 40)
        for number in [a, b, 0, c, d, 0, x, 0, 0x4000_0000] { header.writeInteger(number) }
        return PictureTurn(header, at: 40)
    }

    @Test("Quarter turns, half turns and mirrors are kept as they stand in the file")
    func turned() {
        let one = Self.one
        for numbers in [(0, one, -one, 0), (-one, 0, 0, -one), (0, -one, one, 0), (-one, 0, 0, one), (one, 0, 0, -one)]
        {
            let turn = Self.turn(numbers.0, numbers.1, numbers.2, numbers.3, 7)
            #expect(turn?.matrix == [numbers.0, numbers.1, 0, numbers.2, numbers.3, 0, 7, 0, 0x4000_0000])
        }
    }

    @Test("What is only moved or made larger is not turned, and neither is what says nothing")
    func upright() {
        #expect(Self.turn(Self.one, 0, 0, Self.one) == nil && Self.turn(0, 0, 0, 0) == nil)
        #expect(Self.turn(2 * Self.one, 0, 0, Self.one / 2, 100) == nil)
        #expect(PictureTurn(ByteBuffer(repeating: 1, count: 75), at: 40) == nil)
    }
}
