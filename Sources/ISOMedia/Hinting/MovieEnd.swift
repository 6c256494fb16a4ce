import NIOCore

/// Where the last box of a movie ends, and how it gets a size where it has none, so that others can be written behind it.
struct MovieEnd: Sendable {
    /// Where the next box would stand, in bytes.
    let offset: Int64
    /// The last box, if it says that it goes on to the end of the file, or ends beyond: so recorders leave it that wrote its size
    /// wrongly, and downloads that broke off.
    let open: BoxHeader?
    /// The one before it.
    let before: BoxHeader?

    /// Bytes that have to be written over others.
    struct Change: Sendable, Hashable {
        var offset: Int64
        var bytes: ByteBuffer
    }

    /// Throws where the file cannot be read.
    init(of bytes: any RandomAccessBytes) throws(MovieError) {
        var offset: Int64 = 0
        var before: BoxHeader?
        var open: BoxHeader?
        while open == nil, offset < bytes.size {
            let count = min(Int64(BoxHeader.maximumLength), bytes.size - offset)
            let read = try bytes.read(at: offset, count: Int(count))
            guard let box = BoxHeader(read, at: offset, limit: bytes.size) else { break }
            let isOpen = read.getInteger(at: read.readerIndex, as: UInt32.self) == 0
            if isOpen || box.end > bytes.size { open = box } else { before = box }
            offset = min(box.end, bytes.size)
        }
        (self.offset, self.open, self.before) = (offset, open, before)
    }

    /// Box types without content.
    private static let spare: Set<FourCC> = ["free", "skip", "wide"]

    /// What gives the last box the size it has. A size of more than 32 bits takes eight bytes of the box before, if that is free space,
    /// or `freed`.
    ///
    /// Throws `.tooMuch` where it is not.
    func closing(with freed: BoxHeader) throws(MovieError) -> [Change] {
        guard let open else { return [] }
        let size = offset - open.offset
        if open.hasLongSize { return [Change(offset: open.offset + 8, bytes: ByteBuffer(integer: UInt64(size)))] }
        if let size = UInt32(exactly: size) {
            return [Change(offset: open.offset, bytes: ByteBuffer(integer: size))]
        }
        guard let before, before == freed || Self.spare.contains(before.type), let shorter = Self.shortened(before)
        else { throw .tooMuch("a last box of \(size) bytes that does not tell its size, with no free space before it") }
        var head = ByteBuffer()
        head.writeMultipleIntegers(1 as UInt32, open.type.code, UInt64(size + 8))
        return shorter + [Change(offset: open.offset - 8, bytes: head)]
    }

    /// The box with eight bytes less, or none of it; `nil` where less than a head would be left.
    private static func shortened(_ box: BoxHeader) -> [Change]? {
        let size = box.size - 8
        if size == 0 { return [] }
        guard size >= box.length else { return nil }
        if box.hasLongSize { return [Change(offset: box.offset + 8, bytes: ByteBuffer(integer: UInt64(size)))] }
        return UInt32(exactly: size).map { [Change(offset: box.offset, bytes: ByteBuffer(integer: $0))] }
    }
}
