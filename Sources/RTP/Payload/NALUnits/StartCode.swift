#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

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
        // A payload has a zero every 256 bytes, and the C library looks for the next one many bytes at a time.
        while index + 2 < count, let found = memchr(base + index, 0, count - index - 2) {
            let start = UnsafeRawPointer(found) - base
            var end = start + 1
            while end < count, bytes[end] == 0 { end += 1 }
            if end - start >= 2, end < count, bytes[end] == 1 { return StartCode(start: start, end: end + 1) }
            index = end + 1
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
