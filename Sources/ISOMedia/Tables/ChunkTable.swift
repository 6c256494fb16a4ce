/// Which chunk a sample is in, and where chunks are: `stsc` with `stco` or `co64` (ISO/IEC 14496-12 §8.7.4, §8.7.5).
///
/// ```
/// stsc: version, flags │ rows: 32 │ first chunk: 32 │ samples in each: 32 │ sample description: 32 │ …
/// stco: version, flags │ rows: 32 │ offset: 32 (co64: 64) │ …
/// ```
struct ChunkTable: Sendable {
    /// A chunk.
    struct Place: Sendable {
        var row: Int
        /// From 0.
        var chunk: Int
        /// Its first sample.
        var sample: Int
        /// Samples in it.
        var count: Int
    }

    private static let spacing = 32

    /// Samples that are in chunks.
    let sampleCount: Int
    private let runs: TableRows
    private let offsets: TableRows
    /// Rows of `stsc` that speak of chunks there are.
    private let rowCount: Int
    /// Samples before each `spacing`th row.
    private let marks: [Int]

    /// Throws `.malformed` where there is no room for the rows, or the chunks do not stand in order.
    init(runs box: Box, offsets offsetBox: Box) throws(MovieError) {
        runs = try box.rows(at: 8, stride: 12)
        offsets = try offsetBox.rows(at: 8, stride: offsetBox.type == "co64" ? 8 : 4)
        var marks: [Int] = []
        marks.reserveCapacity(runs.count / Self.spacing + 1)
        var sample = 0
        var row = 0
        while row < runs.count, Int(runs.field(row, 0)) <= offsets.count {
            let first = Int(runs.field(row, 0))
            let next = row + 1 < runs.count ? Int(runs.field(row + 1, 0)) : offsets.count + 1
            guard first > 0, next > first else { throw box.malformed("its chunks do not stand in order") }
            if row % Self.spacing == 0 { marks.append(sample) }
            sample += (min(next, offsets.count + 1) - first) * Int(runs.field(row, 4))
            row += 1
        }
        self.marks = marks
        rowCount = row
        sampleCount = sample
    }

    /// The chunk that has `sample`, which is less than `sampleCount`.
    func place(ofSample sample: Int) -> Place {
        let mark = (0..<marks.count).firstIndex { marks[$0] > sample } - 1
        var row = mark * Self.spacing
        var start = marks[mark]
        while row < rowCount - 1 {
            let samples = chunkCount(ofRow: row) * samplesPerChunk(ofRow: row)
            guard sample - start >= samples else { break }
            start += samples
            row += 1
        }
        let count = samplesPerChunk(ofRow: row)
        let chunks = (sample - start) / max(1, count)
        return Place(row: row, chunk: firstChunk(ofRow: row) + chunks, sample: start + chunks * count, count: count)
    }

    /// The next chunk that has samples; `nil` at the end.
    func place(after place: Place) -> Place? {
        var next = place
        next.chunk += 1
        next.sample += next.count
        while next.row + 1 < rowCount, next.chunk >= firstChunk(ofRow: next.row + 1) {
            next.row += 1
            next.count = samplesPerChunk(ofRow: next.row)
            // A row of empty chunks is passed as a whole.
            if next.count == 0 { next.chunk += chunkCount(ofRow: next.row) }
        }
        return next.count > 0 && next.chunk < offsets.count ? next : nil
    }

    /// Where a chunk is in the file, in bytes; `nil` for what is no place in any file.
    func offset(ofChunk chunk: Int) -> Int64? {
        guard offsets.stride == 8 else { return Int64(offsets.field(chunk, 0)) }
        let offset = offsets.long(chunk)
        return offset < 1 << 61 ? Int64(offset) : nil
    }

    /// The number of a sample description, from 1.
    func description(ofRow row: Int) -> Int {
        Int(runs.field(row, 8))
    }

    private func firstChunk(ofRow row: Int) -> Int { Int(runs.field(row, 0)) - 1 }
    private func samplesPerChunk(ofRow row: Int) -> Int { Int(runs.field(row, 4)) }

    private func chunkCount(ofRow row: Int) -> Int {
        let end = row + 1 < runs.count ? min(firstChunk(ofRow: row + 1), offsets.count) : offsets.count
        return end - firstChunk(ofRow: row)
    }
}
