/// A set of interleaved channels, 0–255, in four words: asking it allocates nothing.
package struct ChannelSet: Sendable, Hashable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    /// The empty set: nothing is set up yet.
    package init() {}

    /// Whether no channel is in the set.
    package var isEmpty: Bool { words.0 | words.1 | words.2 | words.3 == 0 }

    /// Whether that channel is in the set.
    package func contains(_ channel: UInt8) -> Bool {
        let bit: UInt64 = 1 << UInt64(channel & 63)
        return switch channel >> 6 {
        case 0: words.0 & bit != 0
        case 1: words.1 & bit != 0
        case 2: words.2 & bit != 0
        default: words.3 & bit != 0
        }
    }

    /// Adds a channel.
    package mutating func insert(_ channel: UInt8) {
        let bit: UInt64 = 1 << UInt64(channel & 63)
        switch channel >> 6 {
        case 0: words.0 |= bit
        case 1: words.1 |= bit
        case 2: words.2 |= bit
        default: words.3 |= bit
        }
    }

    package static func == (left: ChannelSet, right: ChannelSet) -> Bool { left.words == right.words }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}

extension ChannelSet: ExpressibleByArrayLiteral {
    package init(arrayLiteral channels: UInt8...) {
        for channel in channels { insert(channel) }
    }
}
