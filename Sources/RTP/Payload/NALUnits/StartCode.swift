/// An Annex B start code inside a payload, where none belongs: 00 00 01 cannot occur in a NAL unit
/// (quirks I3, I4, I5).
struct StartCode: Hashable {
    /// The first of the zeros; those before 00 00 01 are padding of the unit before.
    var start: Int
    /// Behind the 01: where the next unit's header stands.
    var end: Int

    /// The first one at or behind `from`.
    static func first(in bytes: UnsafeRawBufferPointer, from: Int = 0) -> StartCode? {
        guard let base = bytes.baseAddress, from >= 0 else { return nil }
        let count = bytes.count
        var index = from
        while index + 2 < count {
            var end = count - 2
            if index + 8 <= count {
                // Eight bytes without a zero hold no begin of a start code: most of a payload goes by here.
                let word = base.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                if (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080 == 0 {
                    index += 8
                    continue
                }
                end = min(end, index + 8)
            }
            while index < end {
                if bytes[index] == 0, bytes[index + 1] == 0, bytes[index + 2] == 1 {
                    return StartCode(start: trimmingZeros(bytes, from: from, to: index), end: index + 3)
                }
                index += 1
            }
        }
        return nil
    }

    /// The end of `bytes[from..<to]` without the zeros at its end.
    static func trimmingZeros(_ bytes: UnsafeRawBufferPointer, from: Int, to: Int) -> Int {
        var end = to
        while end > from, bytes[end - 1] == 0 { end -= 1 }
        return end
    }
}
