import NIOCore

/// Goes through all boxes of a file, each before those in it; reads heads only.
package struct BoxTree: Sendable {
    /// A box, or what is wrong where one ought to be.
    package struct Entry: Sendable, Hashable {
        package let header: BoxHeader
        /// How many boxes it is in.
        package let depth: Int
        /// Why what is in it, or behind it, is passed over.
        package let fault: String?
    }

    private struct Level {
        var type: FourCC
        var place: Int64
        var end: Int64
    }

    /// Boxes in boxes, at most: more are a loop somebody has drawn.
    private static let maximumDepth = 16

    /// Boxes whose body is boxes, and how many bytes stand before them.
    private static let containers: [FourCC: Int64] = {
        var containers: [FourCC: Int64] = ["dref": 8, "stsd": 8, "rtp ": 16, "rrtp": 16, "srtp": 16]
        let plain: [FourCC] = [
            "moov", "trak", "mdia", "minf", "stbl", "edts", "dinf", "udta", "mvex", "moof", "traf", "mfra", "tref",
            "gmhd", "hnti", "hinf", "wave", "ilst", "sinf", "schi", "matt", "clip", "tapt", "rinf", "cmov", "rmra",
            "rmda", "\u{A9}nam",
        ]
        for type in plain { containers[type] = 0 }
        let pictures: [FourCC] = [
            "avc1", "avc2", "avc3", "avc4", "hvc1", "hev1", "mp4v", "s263", "h263", "jpeg", "mjpa", "mjpb", "vp08",
            "vp09", "av01", "encv", "apcn", "apch",
        ]
        for type in pictures { containers[type] = Int64(8 + PictureDescription.length) }
        return containers
    }()
    private static let sounds: Set<FourCC> = [
        "mp4a", "samr", "sawb", "Opus", ".mp3", "ac-3", "ec-3", "alac", "fLaC", "enca", "sowt", "twos", "lpcm",
        "ulaw", "alaw", "ima4",
    ]

    private let bytes: any RandomAccessBytes
    private var levels: [Level]

    package init(_ bytes: any RandomAccessBytes) {
        self.bytes = bytes
        levels = [Level(type: "file", place: 0, end: bytes.size)]
    }

    /// The next box; `nil` at the end. Throws what reading throws. Blocks.
    package mutating func next() throws(MovieError) -> Entry? {
        while let level = levels.last {
            // Fewer bytes than a head are a terminator, or padding.
            guard level.end - level.place >= 8 else {
                levels.removeLast()
                continue
            }
            let count = min(Int64(BoxHeader.maximumLength), level.end - level.place)
            let head = try bytes.read(at: level.place, count: Int(count))
            let isZero = head.getInteger(at: 0, as: UInt64.self) == 0
            guard !isZero, let header = BoxHeader(head, at: level.place, limit: level.end) else {
                levels.removeLast()
                if isZero { continue }
                return Entry(
                    header: .init(nothingAt: level.place), depth: levels.count, fault: "no box in \(level.type)")
            }
            return try entry(header, in: level)
        }
        return nil
    }

    private mutating func entry(_ header: BoxHeader, in level: Level) throws(MovieError) -> Entry {
        let depth = levels.count - 1
        guard header.end <= level.end else {
            levels.removeLast()
            return Entry(header: header, depth: depth, fault: "it ends beyond the \(level.type) it is in")
        }
        levels[depth].place = header.end
        if let skipped = try skipped(in: header, of: level.type) {
            guard levels.count < Self.maximumDepth else {
                return Entry(header: header, depth: depth, fault: "what is in it is too deep")
            }
            levels.append(Level(type: header.type, place: header.bodyOffset + skipped, end: header.end))
        }
        return Entry(header: header, depth: depth, fault: nil)
    }

    /// Bytes before the boxes in a box; `nil` where there are none in it.
    private func skipped(in header: BoxHeader, of parent: FourCC) throws(MovieError) -> Int64? {
        // References are lists of numbers, hint data text, although their types are those of containers elsewhere.
        if parent == "tref" || parent == "hnti" || parent == "hinf" { return nil }
        // In a list of iTunes it has a box in it, in QuickTime's user data it is text.
        if header.type == "\u{A9}nam", parent != "ilst" { return nil }
        if header.type == "meta", header.bodySize >= 8 {
            let start = try bytes.read(at: header.bodyOffset, count: 8)
            return start.getInteger(at: 4) == FourCC("hdlr").code ? 0 : 4
        }
        if Self.sounds.contains(header.type) {
            guard parent == "stsd", header.bodySize >= 28 else { return nil }
            let fields = try bytes.read(at: header.bodyOffset, count: Int(min(header.bodySize, 64)))
            let body = fields.getSlice(at: 8, length: fields.readableBytes - 8) ?? ByteBuffer()
            let description = SampleDescription(format: header.type, body: body, isQuickTime: true)
            return Int64(8 + (description.sound?.length ?? SoundDescription.shortLength))
        }
        return Self.containers[header.type]
    }
}

extension BoxHeader {
    /// What stands where no box is.
    fileprivate init(nothingAt offset: Int64) {
        self.init(type: "????", offset: offset, length: 0, size: 0)
    }
}
