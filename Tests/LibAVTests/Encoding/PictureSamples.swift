import LibAV

extension Picture {
    /// Grey ground with a bright square that moves with `index`.
    mutating func drawSquare(at index: Int) throws {
        for plane in Plane.allCases {
            try withMutablePlane(plane) { bytes, _ in bytes.update(repeating: plane == .luma ? 60 : 128) }
        }
        let (left, side) = (index * 4 % (width - 16), 16)
        try withMutablePlane(.luma) { bytes, stride in
            for row in 0..<side {
                bytes[row * stride + left..<row * stride + left + side].update(repeating: 220)
            }
        }
    }

    /// Noise, the hardest picture there is.
    mutating func drawNoise(_ random: inout LinearCongruentialGenerator) throws {
        let seed = random.next()
        var noise = LinearCongruentialGenerator(seed: seed)
        try withMutablePlane(.luma) { bytes, _ in
            for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: noise.next() >> 32) }
        }
    }
}

/// The same numbers on every run (Knuth's MMIX constants).
struct LinearCongruentialGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state
    }
}
