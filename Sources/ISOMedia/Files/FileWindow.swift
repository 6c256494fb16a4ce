import NIOCore

/// Reads a file forwards in few system calls: a window of it is kept, and what is asked for is a slice of that.
package struct FileWindow: Sendable {
    /// Nobody needs more of a movie at once, in bytes.
    package static let maximumCount = 64 << 20

    private let bytes: any RandomAccessBytes
    private let readAhead: Int
    private var window = ByteBuffer()
    private var start: Int64 = 0

    /// Reads `readAhead` bytes at once, more where more is asked for.
    package init(_ bytes: any RandomAccessBytes, readAhead: Int) {
        self.bytes = bytes
        self.readAhead = readAhead
    }

    /// `count` bytes from `offset` on. What is asked for next had better lie behind.
    ///
    /// Throws `.truncated` where the file ends before, `.tooMuch` for more than `maximumCount` bytes. Blocks. The slice keeps the
    /// window in memory as long as it lives.
    package mutating func read(at offset: Int64, count: Int) throws(MovieError) -> ByteBuffer {
        if let slice = slice(at: offset, count: count) { return slice }
        return try fetch(at: offset, count: count, readAhead: readAhead)
    }

    /// The same; what is read beyond `count` is taken off `spare`, and added to it again when it is asked for. Who jumps to and fro
    /// uses `spare` up, and from then on no more is read than what is asked for.
    package mutating func read(at offset: Int64, count: Int, spare: inout Int) throws(MovieError) -> ByteBuffer {
        if let slice = slice(at: offset, count: count) {
            spare += count
            return slice
        }
        let slice = try fetch(at: offset, count: count, readAhead: min(readAhead, max(0, spare) &+ max(0, count)))
        spare -= window.readableBytes - count
        return slice
    }

    private func slice(at offset: Int64, count: Int) -> ByteBuffer? {
        let place = offset &- start
        guard place >= 0, count >= 0, place <= Int64(window.readableBytes) else { return nil }
        return window.getSlice(at: window.readerIndex + Int(place), length: count)
    }

    private mutating func fetch(at offset: Int64, count: Int, readAhead: Int) throws(MovieError) -> ByteBuffer {
        guard count <= Self.maximumCount else { throw .tooMuch("\(count) bytes at once, at byte \(offset)") }
        guard offset >= 0, count >= 0, offset <= bytes.size, Int64(count) <= bytes.size - offset else {
            throw .truncated(at: offset)
        }
        let wanted = min(Int64(max(count, readAhead)), bytes.size - offset)
        // First, so that two of them are never held at once.
        window = ByteBuffer()
        window = try bytes.read(at: offset, count: Int(wanted))
        start = offset
        guard let slice = window.getSlice(at: window.readerIndex, length: count) else { throw .truncated(at: offset) }
        return slice
    }

    /// Forgets the window: who does not read needs no memory.
    package mutating func release() {
        window = ByteBuffer()
        start = 0
    }
}
