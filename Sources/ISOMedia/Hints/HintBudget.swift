/// What one hint sample may cost, whatever stands in it.
struct HintBudget: Sendable {
    /// A picture of 16 MB has fewer packets, and fewer pieces copied from somewhere else in the file.
    private var packets = 16_384
    private var pieces = 16_384
    /// Of payload, wherever it is from.
    private var bytes = 16 << 20
    /// Bytes that may be read ahead and not be used: who jumps to and fro in the file reads no more than what is asked for.
    var spare = 1 << 20

    /// Whether one more packet may be made.
    mutating func takesPacket() -> Bool {
        guard packets > 0 else { return false }
        packets -= 1
        return true
    }

    /// Whether `count` bytes may be copied that are in memory.
    mutating func takes(_ count: Int) -> Bool {
        guard bytes >= count else { return false }
        bytes -= count
        return true
    }

    /// Whether one more piece may be copied that may have to be read first.
    mutating func takesPiece(_ count: Int) -> Bool {
        guard pieces > 0, takes(count) else { return false }
        pieces -= 1
        return true
    }
}
