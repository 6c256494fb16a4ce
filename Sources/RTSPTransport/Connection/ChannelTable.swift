/// Which track's packets come on which interleaved channel: looked up for every frame, so a plain table (quirk E2).
package struct ChannelTable {
    /// What a channel carries.
    package struct Entry {
        /// The place of its track, from 0 on.
        package var track: Int
        /// RTCP by agreement, whatever really comes (quirk G5).
        package var isControl: Bool
    }

    /// 2 × track, plus 1 for control; -1 for a channel nobody set up.
    private var entries = [Int16](repeating: -1, count: 256)

    /// A table without channels.
    package init() {}

    /// Of two tracks on one channel the first keeps it: its packets are told apart by payload type further on.
    package mutating func add(_ channel: UInt8, track: Int, isControl: Bool) {
        guard entries[Int(channel)] < 0, let value = Int16(exactly: track * 2 + (isControl ? 1 : 0)) else { return }
        entries[Int(channel)] = value
    }

    /// `nil` for a channel nobody set up.
    package subscript(channel: UInt8) -> Entry? {
        let value = entries[Int(channel)]
        return value < 0 ? nil : Entry(track: Int(value >> 1), isControl: value & 1 == 1)
    }
}
