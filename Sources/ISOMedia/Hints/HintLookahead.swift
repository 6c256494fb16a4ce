/// What stands ahead of a hint sample that refers to nothing: who goes forwards looks at each hint sample once.
struct HintLookahead: Sendable {
    /// The hint sample that it is counted from.
    var index = -1
    /// No hint sample from `index` to before this one refers to anything.
    var end = 0
    /// How many of those have packets.
    var passed = 0
    /// The media sample, from 0, that hint sample `end` refers to; `nil` where that has not been looked at.
    var found: Int?

    /// Goes on to the next hint sample; `sends`: this one has packets.
    mutating func advance(sends: Bool) {
        index += 1
        if sends, passed > 0 { passed -= 1 }
    }
}
