import NIOCore

/// Goes through the boxes that stand one behind the other in a box in memory.
package struct BoxReader: Sendable {
    /// Boxes in one box; more is no movie.
    package static let maximumCount = 65_536

    private let parent: Box
    private var place: Int
    private var count = 0

    /// The boxes in `parent`, behind the first `skipped` bytes of its body.
    package init(_ parent: Box, after skipped: Int = 0) {
        self.parent = parent
        place = skipped
    }

    /// The next box; `nil` at the end, and at the zero that ends QuickTime's `udta` (QTFF, "User Data Atoms").
    ///
    /// Throws `.malformed` where one ends beyond its parent, `.tooMuch` where there are too many.
    package mutating func next() throws(MovieError) -> Box? {
        let rest = parent.body.readableBytes - place
        // Fewer bytes than a head are a terminator, or padding.
        guard rest >= 8, parent.body.getInteger(at: place, as: UInt64.self) != 0 else { return nil }
        let offset = parent.header.bodyOffset + Int64(place)
        guard let header = BoxHeader(parent.body, after: place, at: offset, limit: parent.header.end) else {
            throw .malformed(box: parent.type, at: parent.header.offset, reason: "no box at byte \(offset)")
        }
        guard header.size <= Int64(rest),
            let body = parent.body.getSlice(at: place + header.length, length: Int(header.size) - header.length)
        else {
            throw .malformed(box: header.type, at: offset, reason: "it is longer than the \(parent.type) it is in")
        }
        guard count < Self.maximumCount else {
            throw .tooMuch("more than \(Self.maximumCount) boxes in \(parent.type)")
        }
        count += 1
        place += Int(header.size)
        return Box(header: header, body: body)
    }
}
