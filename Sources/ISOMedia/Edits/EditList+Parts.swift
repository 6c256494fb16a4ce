/// What stands around one part of several that an edit list shows, in microseconds of the presentation.
///
/// ```
///  part before │ drawn together: its last pictures, the first ones of this part │ this part: start ───────── end │ …
///              └ decoded, for others cannot be without them, and not to be shown ┘
/// ```
/// RTP has no word for a picture that is decoded and not shown. So those get times right before the part begins, or the next one does:
/// they are over in no time, and times grow from part to part.
struct EditSurroundings: Sendable, Hashable {
    /// Pictures before `start` are shown from `lowest` on, if nothing is done, and go into `room` before it.
    struct Before: Sendable, Hashable {
        var start: Int64
        var lowest: Int64
        var room: Int64
    }

    /// Pictures from `end` on go into `Behind.room` before `limit`.
    struct Behind: Sendable, Hashable {
        var end: Int64
        var limit: Int64

        /// Decoders hold back so much, and no more.
        static let span: Int64 = 1_000_000
        /// Several units of an RTP clock between two pictures, up to 240 a second.
        static let room: Int64 = 3200
    }

    /// Nothing is sent before.
    var earliest: Int64?
    var before: Before?
    var behind: Behind?

    /// The time that something gets that would be shown at `time`.
    func drawnTogether(_ time: Int64) -> Int64 {
        if let before, time < before.start {
            let span = Double(max(1, before.start &- before.lowest))
            let share = Double(max(0, time &- before.lowest)) / span
            return before.start - before.room + Int64(share * Double(before.room))
        }
        if let behind, time >= behind.end {
            let share = Double(min(time &- behind.end, Behind.span - 1)) / Double(Behind.span)
            return behind.limit - Behind.room + Int64(share * Double(Behind.room))
        }
        return time
    }
}

extension EditList {
    /// A picture that is held has this long a part of the media, in microseconds.
    private static let held: Int64 = 1

    /// One of `parts`, as a list that shows nothing else.
    func part(_ index: Int, _ surroundings: EditSurroundings? = nil) -> EditList {
        var part = parts[index]
        if part.rate == 0 {
            part.duration = max(Self.held, MovieTime.convert(1, from: timescale, to: MovieTime.microseconds))
        }
        part.rate = 1
        var list = EditList(segments: [part], timescale: timescale)
        list.surroundings = surroundings
        return list
    }

    /// When the one part of this list ends, in microseconds; `nil`: with the media.
    var shownEnd: Int64? { parts.first?.end }

    /// Whether another track's list shows the same parts at the same times, as far as hinters are exact.
    func isAlike(_ other: EditList) -> Bool {
        func isNear(_ one: Int64?, _ two: Int64?, by most: Int64) -> Bool {
            guard let one, let two else { return true }
            return (one &- two).magnitude <= UInt64(most)
        }
        return parts.count == other.parts.count
            && zip(parts, other.parts).allSatisfy { one, two in
                isNear(one.start, two.start, by: 10_000) && isNear(one.duration, two.duration, by: 10_000)
                    && one.rate == two.rate && isNear(microseconds(one), other.microseconds(two), by: 1_000_000)
            }
    }

    private func microseconds(_ part: Segment) -> Int64? {
        part.mediaTime.map { MovieTime.convert($0, from: timescale, to: MovieTime.microseconds) }
    }

    /// As `parts` has them. Where no part runs at all, a writer did not know what a rate is; other rates than 0 and 1 are none that
    /// ISO/IEC 14496-12 knows.
    static func parts(_ shown: [Segment], timescale: UInt32, tolerance: Int64) -> [Segment] {
        let runs = shown.contains { $0.rate != 0 }
        var parts: [Segment] = []
        for segment in shown {
            var part = segment
            part.rate = runs && segment.rate == 0 ? 0 : 1
            if part.rate == 1, let last = parts.last, last.rate == 1, last.end == part.start,
                let end = end(of: last, timescale: timescale), let media = part.mediaTime,
                (media &- end).magnitude <= UInt64(tolerance)
            {
                parts[parts.count - 1].duration = part.duration.flatMap { more in last.duration.map { $0 + more } }
            } else {
                parts.append(part)
            }
        }
        return parts
    }
}
