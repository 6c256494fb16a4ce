import NIOCore

/// Bytes that can be read anywhere, a few at a time: a movie is never in memory as a whole.
///
/// Reading may block: never on an event loop, but for what is at hand.
package protocol RandomAccessBytes: Sendable {
    /// Bytes there were when it was opened.
    var size: Int64 { get }

    /// Exactly `count` bytes from `offset` on.
    ///
    /// Throws `.truncated` where the file ends before, `.unreadable` where the system says so.
    func read(at offset: Int64, count: Int) throws(MovieError) -> ByteBuffer

    /// The same without blocking; `nil` where it would have to wait, for a disk say: the bytes are not in memory.
    func readAtHand(at offset: Int64, count: Int) throws(MovieError) -> ByteBuffer?

    /// The next bytes from `offset` on that take room where they are kept: what lies before them is all zeros. Empty at the end.
    func stored(from offset: Int64) -> Range<Int64>
}

extension RandomAccessBytes {
    package func readAtHand(at offset: Int64, count: Int) throws(MovieError) -> ByteBuffer? { nil }

    package func stored(from offset: Int64) -> Range<Int64> { min(offset, size)..<size }
}

extension ByteBuffer: RandomAccessBytes {
    package var size: Int64 { Int64(readableBytes) }

    package func read(at offset: Int64, count: Int) throws(MovieError) -> ByteBuffer {
        guard offset >= 0, count >= 0, let index = Int(exactly: offset), index <= readableBytes,
            let slice = getSlice(at: readerIndex + index, length: count)
        else { throw .truncated(at: offset) }
        return slice
    }

    package func readAtHand(at offset: Int64, count: Int) throws(MovieError) -> ByteBuffer? {
        try read(at: offset, count: count)
    }
}
