/// A movie that ffmpeg wrote, with another edit list: ffmpeg itself writes none that shows several parts.
package enum EditedMovie {
    /// One row of the list, in seconds.
    package struct Edit: Sendable {
        package var duration: Double
        /// Counted from where the movie began before; `nil`: nothing is shown.
        package var media: Double?
        /// 0: the picture is held.
        package var rate: Double

        package init(_ duration: Double, from media: Double?, rate: Double = 1) {
            self.duration = duration
            self.media = media
            self.rate = rate
        }
    }

    private struct Box {
        var type: String
        var body: ArraySlice<UInt8>
    }

    /// `movie` with `edits` for all of its tracks; its `moov` stands behind the media, so that nothing of these is moved.
    package static func with(_ edits: [Edit], for movie: [UInt8]) -> [UInt8] {
        boxes(movie[...]).flatMap { box in
            guard box.type == "moov" else { return bytes(box.type, Array(box.body)) }
            let content = boxes(box.body).flatMap { child in
                bytes(child.type, child.type == "trak" ? track(child.body, edits) : Array(child.body))
            }
            return bytes("moov", content)
        }
    }

    private static func track(_ body: ArraySlice<UInt8>, _ edits: [Edit]) -> [UInt8] {
        let children = boxes(body)
        let clock = children.first { $0.type == "mdia" }.flatMap { boxes($0.body).first { $0.type == "mdhd" } }
        let timescale = clock.map { number($0.body, at: 12) } ?? 1
        let list = children.first { $0.type == "edts" }.flatMap { boxes($0.body).first { $0.type == "elst" } }
        let starts = list.map { list in
            (0..<Int(number(list.body, at: 4))).map { Int32(bitPattern: number(list.body, at: 12 + 12 * $0)) }
        }
        let first = starts?.first { $0 >= 0 } ?? 0
        var rows = word(0) + word(UInt32(edits.count))
        for edit in edits {
            let media = edit.media.map { Int32(($0 * Double(timescale)).rounded()) + first } ?? -1
            rows += word(UInt32((edit.duration * 1000).rounded())) + word(UInt32(bitPattern: media))
            rows += word(UInt32(edit.rate * 65_536))
        }
        return children.filter { $0.type != "edts" }.flatMap { child in
            let own = bytes(child.type, Array(child.body))
            return child.type == "tkhd" ? own + bytes("edts", bytes("elst", rows)) : own
        }
    }

    private static func boxes(_ bytes: ArraySlice<UInt8>) -> [Box] {
        var rest = bytes
        var boxes: [Box] = []
        while rest.count >= 8 {
            let size = Int(number(rest, at: 0))
            guard size >= 8, size <= rest.count else { break }
            let box = rest.prefix(size)
            boxes.append(Box(type: String(decoding: box.dropFirst(4).prefix(4), as: UTF8.self), body: box.dropFirst(8)))
            rest = rest.dropFirst(size)
        }
        return boxes
    }

    private static func bytes(_ type: String, _ body: [UInt8]) -> [UInt8] {
        word(UInt32(body.count + 8)) + Array(type.utf8) + body
    }

    private static func number(_ bytes: ArraySlice<UInt8>, at offset: Int) -> UInt32 {
        bytes.dropFirst(offset).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    private static func word(_ number: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }
}
