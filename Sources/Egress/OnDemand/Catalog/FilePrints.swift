import ISOMedia
import NIOCore

/// Some pieces of a file as they were read once: whether it is still that file, though it has been written to.
///
/// A recorder adds fragments at the end, and changes nothing of what was there. Whoever puts another recording over it may leave the
/// beginning as it was, but hardly the tables of its fragments, from the first to the last.
struct FilePrints: Sendable {
    private struct Print: Sendable, Hashable {
        let offset: Int64
        let bytes: ByteBuffer
    }

    /// Of each piece, in bytes.
    private let length: Int
    /// Where there are more, every other one is forgotten.
    private let most: Int

    private var prints: [Print] = []
    /// The one that was read last.
    private var last: Print?
    /// One of so many is kept.
    private var stride = 1
    private var count = 0

    /// `most` pieces and the last one, each of `length` bytes or less.
    init(length: Int = 1024, most: Int = 32) {
        self.length = length
        self.most = most
    }

    /// Something was read; they are read in the order in which they stand, mostly.
    mutating func add(_ bytes: ByteBuffer, at offset: Int64) {
        let piece = ByteBuffer(bytes: bytes.readableBytesView.prefix(length))
        let print = Print(offset: offset, bytes: piece)
        last = print
        count += 1
        guard count % stride == 0 else { return }
        prints.append(print)
        guard prints.count > most else { return }
        prints = prints.indices.filter { $0 % 2 == 0 }.map { prints[$0] }
        stride *= 2
    }

    /// Pieces at equal distances, from the beginning of a file to its end. Blocks.
    mutating func spread(over file: FileBytes) throws(MovieError) {
        let room = max(0, file.size - Int64(length))
        for step in 0..<Int64(most) {
            let offset = room / Int64(max(1, most - 1)) * step
            add(try file.read(at: offset, count: Int(min(Int64(length), file.size - offset))), at: offset)
        }
    }

    /// Whether all of them are as they were; `nil` where `read` cannot tell now.
    func areAll(
        in read: (_ offset: Int64, _ count: Int) throws(MovieError) -> ByteBuffer?
    ) throws(MovieError) -> Bool? {
        for print in prints + [last].compactMap(\.self) {
            guard let bytes = try read(print.offset, print.bytes.readableBytes) else { return nil }
            if bytes != print.bytes { return false }
        }
        return true
    }
}
