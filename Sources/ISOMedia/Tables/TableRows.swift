import NIOCore

/// A table as it stands in the file: rows of big-endian fields, decoded when asked for.
struct TableRows: Sendable {
    let bytes: ByteBuffer
    /// Bytes of a row.
    let stride: Int
    let count: Int

    /// The 32 bits at `place` bytes into a row; 0 beyond the end.
    func field(_ row: Int, _ place: Int) -> UInt32 {
        bytes.getInteger(at: row &* stride &+ place) ?? 0
    }

    /// The 64 bits that a row begins with; 0 beyond the end.
    func long(_ row: Int) -> UInt64 {
        bytes.getInteger(at: row &* stride) ?? 0
    }
}

/// A place that is found by a search of logarithmic length.
extension Range<Int> {
    /// The first number that `isBehind` is true of, which is true of all after it; the upper bound where there is none.
    func firstIndex(where isBehind: (Int) -> Bool) -> Int {
        var low = lowerBound
        var high = upperBound
        while low < high {
            let middle = low + (high - low) / 2
            if isBehind(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
