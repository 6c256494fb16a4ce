import Testing

@testable import RTSP

@Suite struct SessionIdentifierTests {
    @Test("S12 M5 an id is sixteen letters and digits")
    func alphabet() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let text = SessionIdentifier(using: &generator).rawValue
            #expect(text.utf8.count == 16)
            #expect(text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) })
        }
    }

    @Test("S12 ids come from the generator, all of them")
    func chance() {
        var generator = SystemRandomNumberGenerator()
        #expect(Set((0..<1000).map { _ in SessionIdentifier(using: &generator) }).count == 1000)
        var first = CountingGenerator()
        var second = CountingGenerator()
        #expect(SessionIdentifier(using: &first) == SessionIdentifier(using: &second))
    }
}

private struct CountingGenerator: RandomNumberGenerator {
    private var state: UInt64 = 0

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return state ^ state >> 29
    }
}
