import NIOCore

/// How a file may be read.
package struct FileReading: Sendable {
    /// It may block; else what is not in memory is `.notAtHand`.
    package var mayWait = true
    /// The most that is of use behind what is asked for first, in bytes.
    package var ahead = Int.max

    package init(mayWait: Bool = true, ahead: Int = .max) {
        self.mayWait = mayWait
        self.ahead = ahead
    }
}

/// Reads a file forwards in few system calls: a window of it is kept, and what is asked for is a slice of that.
package struct FileWindow: Sendable {
    /// Nobody needs more of a movie at once, in bytes.
    package static let maximumCount = 64 << 20

    /// To copy more than this takes as long as to ask for it elsewhere, in bytes.
    private static let mostAtHand = 512 << 10

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
    /// Throws `.truncated` where the file ends before, `.tooMuch` for more than `maximumCount` bytes. Blocks, or where it is not to wait
    /// throws `.notAtHand`. The slice keeps the window in memory as long as it lives.
    package mutating func read(
        at offset: Int64, count: Int, _ reading: FileReading = FileReading()
    ) throws(MovieError) -> ByteBuffer {
        if let slice = slice(at: offset, count: count) { return slice }
        return try fetch(at: offset, count: count, readAhead: readAhead, reading)
    }

    /// The same; what is read beyond `count` is taken off `spare`, and added to it again when it is asked for. Who jumps to and fro
    /// uses `spare` up, and from then on no more is read than what is asked for.
    package mutating func read(
        at offset: Int64, count: Int, spare: inout Int, _ reading: FileReading = FileReading()
    ) throws(MovieError) -> ByteBuffer {
        if let slice = slice(at: offset, count: count) {
            spare += count
            return slice
        }
        let readAhead = min(readAhead, max(0, spare) &+ max(0, count))
        let slice = try fetch(at: offset, count: count, readAhead: readAhead, reading)
        spare -= window.readableBytes - count
        return slice
    }

    private func slice(at offset: Int64, count: Int) -> ByteBuffer? {
        let place = offset &- start
        guard place >= 0, count >= 0, place <= Int64(window.readableBytes) else { return nil }
        return window.getSlice(at: window.readerIndex + Int(place), length: count)
    }

    private mutating func fetch(
        at offset: Int64, count: Int, readAhead: Int, _ reading: FileReading
    ) throws(MovieError) -> ByteBuffer {
        guard count <= Self.maximumCount else { throw .tooMuch("\(count) bytes at once, at byte \(offset)") }
        guard offset >= 0, count >= 0, offset <= bytes.size, Int64(count) <= bytes.size - offset else {
            throw .truncated(at: offset)
        }
        let wanted = min(Int64(max(count, min(readAhead, reading.ahead))), bytes.size - offset)
        // First, so that two of them are never held at once.
        window = ByteBuffer()
        start = offset
        if reading.mayWait {
            window = try bytes.read(at: offset, count: Int(wanted))
        } else {
            guard count <= Self.mostAtHand, let read = try bytes.readAtHand(at: offset, count: Int(wanted)) else {
                throw .notAtHand
            }
            window = read
        }
        guard let slice = window.getSlice(at: window.readerIndex, length: count) else { throw .truncated(at: offset) }
        return slice
    }

    /// Forgets the window: who does not read needs no memory.
    package mutating func release() {
        window = ByteBuffer()
        start = 0
    }
}
