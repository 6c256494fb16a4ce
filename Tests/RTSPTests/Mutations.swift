/// A linear congruential generator (Knuth's MMIX constants): the same seed gives the same mutations on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        // The high bits are the good ones.
        return state >> 33 | state << 31
    }
}

/// One to four random edits: a byte changed, removed, doubled or put in, or a piece repeated or cut.
func mutated(_ bytes: [UInt8], by generator: inout SeededGenerator) -> [UInt8] {
    let telling = Array("\r\n :;,=\"\\/@?%$-*0919azRTSP[]".utf8) + [0, 0x7F, 0x80, 0xFF]
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes[place] = telling.randomElement(using: &generator) ?? 0
        case 2: bytes.remove(at: place)
        case 3: bytes.insert(telling.randomElement(using: &generator) ?? 0, at: place)
        case 4: bytes.insert(contentsOf: bytes[place...].prefix(20), at: place)
        default: bytes.removeSubrange(place..<min(place + 20, bytes.count))
        }
    }
    return bytes
}

/// Calls `body` with mutations of each sample, several thousand in all.
func forEachMutation(of samples: [String], seed: UInt64, _ body: (String) -> Void) {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<(4000 / samples.count) {
        for sample in samples {
            body(String(decoding: mutated(Array(sample.utf8), by: &generator), as: UTF8.self))
        }
    }
}
