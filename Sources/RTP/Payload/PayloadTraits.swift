/// What the first bytes of a payload say about its place in the stream; peeked at, nothing is assembled.
package struct PayloadTraits: OptionSet, Sendable, Hashable {
    package var rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// All of these; the way `OptionSet` brings along costs five times as much, and each packet is asked five times.
    package func contains(_ others: PayloadTraits) -> Bool { rawValue & others.rawValue == others.rawValue }
    /// None of these.
    package func isDisjoint(with others: PayloadTraits) -> Bool { rawValue & others.rawValue == 0 }

    /// Only an access unit delimiter, parameter sets or SEI: travels with the slice that follows.
    package static let prefix = PayloadTraits(rawValue: 1 << 0)
    /// Carries at least one parameter set (SPS, PPS, VPS), or a piece of one.
    package static let parameterSets = PayloadTraits(rawValue: 1 << 1)
    /// SEI with a recovery point: the next slice is a random access point (quirk I17, gradual refresh).
    package static let recoveryPoint = PayloadTraits(rawValue: 1 << 2)
    /// Begins an IDR, CRA or BLA NAL unit (quirk I21), alone, aggregated or as first fragment; MJPEG: the
    /// begin of a picture. Every slice of a key picture has it; its first one has `startsPicture` too.
    package static let startsRandomAccess = PayloadTraits(rawValue: 1 << 3)
    /// Begins the first slice of a picture.
    package static let startsPicture = PayloadTraits(rawValue: 1 << 4)
    /// Carries picture data, from whatever place in the picture.
    package static let picture = PayloadTraits(rawValue: 1 << 5)
}
