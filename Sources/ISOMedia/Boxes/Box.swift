import NIOCore

/// A box that is in memory.
package struct Box: Sendable {
    package let header: BoxHeader
    /// What follows the head; its reader index is 0.
    package let body: ByteBuffer

    package var type: FourCC { header.type }

    package init(header: BoxHeader, body: ByteBuffer) {
        self.header = header
        self.body = body
    }

    /// The boxes in it, behind the first `skipped` bytes of the body.
    ///
    /// Throws `.malformed` where one is longer than this box.
    package func children(after skipped: Int = 0) throws(MovieError) -> [Box] {
        var reader = BoxReader(self, after: skipped)
        var children: [Box] = []
        while let child = try reader.next() { children.append(child) }
        return children
    }

    /// An error that names this box.
    package func malformed(_ reason: String) -> MovieError {
        .malformed(box: type, at: header.offset, reason: reason)
    }
}

// Fields of a box by their place in the body, in bytes.
extension Box {
    /// Throws `.malformed` where the box ends before.
    package func integer<Value: FixedWidthInteger>(
        at place: Int, as type: Value.Type = Value.self
    ) throws(MovieError) -> Value {
        guard let value = body.getInteger(at: place, as: type) else {
            throw malformed("it is too short: \(body.readableBytes) bytes")
        }
        return value
    }

    /// Of a full box: what its first byte says (§4.2).
    package var version: UInt8 { body.getInteger(at: 0) ?? 0 }

    /// Of a full box: the three bytes behind the version.
    package var flags: UInt32 { (body.getInteger(at: 0, as: UInt32.self) ?? 0) & 0xFF_FFFF }

    /// An unsigned field of 32 bits, or 64 where `isLong`; `nil` where all bits are set, which means unknown.
    ///
    /// Throws `.malformed` where the box ends before, or the number is beyond all sense.
    package func time(at place: Int, isLong: Bool) throws(MovieError) -> Int64? {
        guard isLong else {
            let value: UInt32 = try integer(at: place)
            return value == .max ? nil : Int64(value)
        }
        let value: UInt64 = try integer(at: place)
        guard value != .max else { return nil }
        guard value <= UInt64(MovieLimits.longestTime) else { throw malformed("a time of \(value)") }
        return Int64(value)
    }

    /// Rows of `stride` bytes from `place` on, as many as the 32 bits before `place` say.
    ///
    /// Throws `.malformed` where there is no room for them.
    func rows(at place: Int, stride: Int) throws(MovieError) -> TableRows {
        let count: UInt32 = try integer(at: place - 4)
        let room = (body.readableBytes - place) / stride
        guard Int(count) <= room, let bytes = body.getSlice(at: place, length: Int(count) * stride) else {
            throw malformed("\(count) entries, with room for \(max(0, room))")
        }
        return TableRows(bytes: bytes, stride: stride, count: Int(count))
    }
}

extension [Box] {
    /// The first of a type.
    package func first(_ type: FourCC) -> Box? {
        first { $0.type == type }
    }
}
