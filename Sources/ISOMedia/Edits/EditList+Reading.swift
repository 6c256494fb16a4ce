extension EditList {
    /// Throws `.malformed` where there is no room for its rows, or they last beyond all time; `.tooMuch` for too many.
    init(_ box: Box?, movieTimescale: UInt32, timescale: UInt32, limits: MovieLimits) throws(MovieError) {
        guard let box else {
            self.init(timescale: timescale)
            return
        }
        let isLong = box.version == 1
        let rows = try box.rows(at: 8, stride: isLong ? 20 : 12)
        guard rows.count <= limits.edits else { throw .tooMuch("\(rows.count) edits of a track") }
        var segments: [Segment] = []
        var start: Int64 = 0
        for row in 0..<rows.count {
            let length = isLong ? Int64(truncatingIfNeeded: rows.long(row)) : Int64(rows.field(row, 0))
            let media =
                isLong
                ? Int64(rows.field(row, 8)) << 32 | Int64(rows.field(row, 12))
                : Int64(Int32(bitPattern: rows.field(row, 4)))
            guard (0...MovieLimits.longestTime).contains(length), media <= MovieLimits.longestTime else {
                throw box.malformed("an edit beyond all time")
            }
            let duration = MovieTime.convert(length, from: movieTimescale, to: MovieTime.microseconds)
            guard duration <= MovieLimits.longestTime - start else { throw box.malformed("an edit beyond all time") }
            let rate = Int32(bitPattern: rows.field(row, isLong ? 16 : 8))
            // Writers of fragments, and others that do not know how long it will be, say 0.
            let isEndless = length == 0 && media >= 0 && row == rows.count - 1
            if length == 0, !isEndless { continue }
            segments.append(
                Segment(
                    start: start, duration: isEndless ? nil : duration, mediaTime: media >= 0 ? media : nil,
                    rate: Double(rate) / 65_536))
            start += duration
        }
        let tick = MovieTime.convert(1, from: movieTimescale, to: timescale)
        self.init(segments: segments, timescale: timescale, tolerance: tick + 1)
    }
}
