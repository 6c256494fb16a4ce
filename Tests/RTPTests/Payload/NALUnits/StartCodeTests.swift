import Testing

@testable import RTP

@Suite("Start codes inside payloads")
struct StartCodeTests {
    /// Looks at every place in turn.
    private func naive(_ bytes: [UInt8], from: Int) -> StartCode? {
        guard from >= 0, from + 2 < bytes.count else { return nil }
        for index in from..<(bytes.count - 2) where bytes[index...].starts(with: [0, 0, 1]) {
            var start = index
            while start > from, bytes[start - 1] == 0 { start -= 1 }
            return StartCode(start: start, end: index + 3)
        }
        return nil
    }

    @Test("the first start code is the one a search place by place finds, from wherever it begins")
    func asNaive() {
        var generator = SeededGenerator(seed: 3)
        for round in 0..<4000 {
            // From nothing but zeros and ones to bytes that rarely are either.
            let largest = [1, 2, 3, 40][round % 4] as UInt8
            let count = Int.random(in: 0...48, using: &generator)
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...largest, using: &generator) }
            for from in 0...count + 1 {
                let found = bytes.withUnsafeBytes { StartCode.first(in: $0, from: from) }
                #expect(found == naive(bytes, from: from), "\(bytes) from \(from)")
            }
        }
    }

    @Test("a start code is found at the very end, and far behind the beginning")
    func ends() {
        for zeros in 2...5 {
            let bytes = [UInt8](repeating: 7, count: 1000) + [UInt8](repeating: 0, count: zeros) + [1]
            let found = bytes.withUnsafeBytes { StartCode.first(in: $0) }
            #expect(found == StartCode(start: 1000, end: bytes.count))
        }
    }
}
