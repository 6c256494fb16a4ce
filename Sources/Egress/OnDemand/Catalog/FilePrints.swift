import ISOMedia
import NIOCore

/// Some pieces of a file as they were read when it was parsed: whether it is still that file, though it has been written to.
///
/// A recorder adds fragments at the end, and changes nothing of what was there. Whoever puts another recording over it may leave the
/// beginning as it was, but hardly the tables of its fragments, from the first to the last.
struct FilePrints: Sendable {
    private struct Print: Sendable, Hashable {
        let offset: Int64
        let bytes: ByteBuffer
    }

    /// Of each piece, in bytes.
    private static let length = 1024
    /// Where there are more, every other one is forgotten.
    private static let most = 32

    private var prints: [Print] = []
    /// The one that was read last.
    private var last: Print?
    /// One of so many is kept.
    private var stride = 1
    private var count = 0

    /// Something was read; they are read in the order in which they stand, mostly.
    mutating func add(_ bytes: ByteBuffer, at offset: Int64) {
        let piece = ByteBuffer(bytes: bytes.readableBytesView.prefix(Self.length))
        let print = Print(offset: offset, bytes: piece)
        last = print
        count += 1
        guard count % stride == 0 else { return }
        prints.append(print)
        guard prints.count > Self.most else { return }
        prints = prints.indices.filter { $0 % 2 == 0 }.map { prints[$0] }
        stride *= 2
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
