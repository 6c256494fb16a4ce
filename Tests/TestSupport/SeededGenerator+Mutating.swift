extension SeededGenerator {
    /// `bytes` with one to four changes: a byte set, a bit flipped, a run taken out, doubled, or the end cut off.
    package mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
        var result = bytes
        for _ in 0..<Int.random(in: 1...4, using: &self) where !result.isEmpty {
            let start = Int.random(in: result.indices, using: &self)
            let end = Int.random(in: start...min(start + 24, result.count), using: &self)
            switch UInt8.random(in: 0..<5, using: &self) {
            case 0: result[start] = UInt8.random(in: 0...255, using: &self)
            case 1: result[start] ^= 1 << UInt8.random(in: 0..<8, using: &self)
            case 2: result.removeSubrange(start..<end)
            case 3: result.insert(contentsOf: result[start..<end], at: start)
            default: result.removeSubrange(start...)
            }
        }
        return result
    }
}
