import TestSupport
import Testing

@testable import Web

@Suite("Ranges of bytes")
struct ByteRangeTests {
    @Test(
        "are read as RFC 9110 §14 has them",
        arguments: [
            ("bytes=0-499", ByteRange.part(0..<500)), ("bytes=500-999", .part(500..<1000)),
            ("bytes=-1", .part(999..<1000)),
            ("bytes=-5000", .part(0..<1000)), ("bytes=0-", .part(0..<1000)), ("bytes=999-", .part(999..<1000)),
            ("bytes=5-5", .part(5..<6)), ("Bytes = 1-2 ", .part(1..<3)),
            ("bytes=0-99999999999999999999", .part(0..<1000)),
            ("bytes=1000-", .unsatisfiable), ("bytes=1000-2000", .unsatisfiable), ("bytes=-0", .unsatisfiable),
            ("bytes=99999999999999999999-", .unsatisfiable),
            ("bytes=9223372036854775807-9223372036854775807", .unsatisfiable),
            ("bytes=-9223372036854775807", .part(0..<1000)), ("bytes=-99999999999999999999", .part(0..<1000)),
        ])
    func read(text: String, range: ByteRange) {
        #expect(ByteRange(parsing: [text], of: 1000) == range)
    }

    @Test(
        "that say nothing, or several things, are passed over",
        arguments: [
            "", "bytes", "bytes=", "bytes=-", "bytes=2-1", "bytes=a-b", "bytes=0-1,5-6", "bytes=+1-2", "bytes=1--2",
            "bytes=0x1-2", "items=0-1", "=0-1", "bytes=1 - 2", "bytes=--1", "bytes=१-२",
        ])
    func passedOver(text: String) {
        #expect(ByteRange(parsing: [text], of: 1000) == .whole)
    }

    @Test("Two fields say nothing, and of nothing there is no part")
    func edges() {
        #expect(ByteRange(parsing: ["bytes=0-1", "bytes=2-3"], of: 1000) == .whole)
        #expect(ByteRange(parsing: [], of: 1000) == .whole)
        #expect(ByteRange(parsing: ["bytes=0-"], of: 0) == .unsatisfiable)
        #expect(ByteRange(parsing: ["bytes=-1"], of: 0) == .unsatisfiable)
        #expect(ByteRange(parsing: ["bytes=0-"], of: .max) == .part(0..<Int64.max))
    }

    @Test("Whatever is made of a range, it is not empty and lies inside")
    func mutations() {
        var generator = SeededGenerator(seed: 6)
        for seed in ["bytes=0-499", "bytes=-99999999999999999999", "bytes=18446744073709551615-", "bytes=1-2,3-4"] {
            for _ in 0..<2000 {
                let text = String(decoding: generator.mutated(Array(seed.utf8)), as: UTF8.self)
                for size in [Int64(0), 1, 1000, .max] {
                    guard case .part(let range) = ByteRange(parsing: [text], of: size) else { continue }
                    #expect(!range.isEmpty && range.lowerBound >= 0 && range.upperBound <= size, "\(text) of \(size)")
                }
            }
        }
    }
}
