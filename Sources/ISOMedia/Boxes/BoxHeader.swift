import NIOCore

/// The head of a box (ISO/IEC 14496-12 §4.2), an atom in QuickTime's words.
///
/// ```
/// ┌──────────┬──────────┬────────────────────────┬────────────────────────────┐
/// │ size: 32 │ type: 32 │ size: 64, if that is 1 │ 16 bytes, if type is 'uuid' │ body …
/// └──────────┴──────────┴────────────────────────┴────────────────────────────┘
/// ```
/// A size of 0 means: to the end of what it is in.
package struct BoxHeader: Sendable, Hashable {
    /// The longest there is, in bytes.
    package static let maximumLength = 32

    package let type: FourCC
    /// Where the box begins in the file, in bytes.
    package let offset: Int64
    /// Of this head, in bytes.
    package let length: Int
    /// Of the whole box, in bytes; never less than `length`.
    package let size: Int64

    /// Its size stands behind the type, with 64 bits.
    var hasLongSize: Bool { length == (type == "uuid" ? 32 : 16) }
    package var bodyOffset: Int64 { offset + Int64(length) }
    package var bodySize: Int64 { size - Int64(length) }
    /// Where the next one begins; never more than 2^62.
    package var end: Int64 { offset + size }

    init(type: FourCC, offset: Int64, length: Int, size: Int64) {
        self.type = type
        self.offset = offset
        self.length = length
        self.size = size
    }

    /// The head that `bytes` have behind the first `skipped` ones; it stands at `offset` in the file, in a box (or a file) that ends at
    /// `limit`.
    ///
    /// `nil` where they are too few, or the size is less than the head's own or beyond all files. The box may well end beyond `limit`.
    package init?(_ bytes: ByteBuffer, after skipped: Int = 0, at offset: Int64, limit: Int64) {
        let start = bytes.readerIndex + skipped
        guard let short: UInt32 = bytes.getInteger(at: start), let code: UInt32 = bytes.getInteger(at: start + 4) else {
            return nil
        }
        var length = 8
        var size = Int64(short)
        if short == 1 {
            guard let long: UInt64 = bytes.getInteger(at: start + 8), let exact = Int64(exactly: long) else {
                return nil
            }
            size = exact
            length += 8
        }
        let type = FourCC(code)
        if type == "uuid" { length += 16 }
        if short == 0 { size = limit - offset }
        guard size >= length, bytes.readableBytes - skipped >= length, size < 1 << 61, offset < 1 << 61 else {
            return nil
        }
        self.init(type: type, offset: offset, length: length, size: size)
    }
}
