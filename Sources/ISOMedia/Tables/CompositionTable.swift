/// How much later than decoded samples are shown: `ctts` (ISO/IEC 14496-12 §8.6.1.3), runs of samples of equal offset.
///
/// Offsets are read as signed in both versions: writers put negative ones into version 0.
struct CompositionTable: Sendable {
    private static let spacing = 32

    private let rows: TableRows
    /// Samples before each `spacing`th row.
    private let marks: [Int]
    private let sampleCount: Int

    /// Throws `.malformed` where there is no room for its rows.
    init(_ box: Box) throws(MovieError) {
        rows = try box.rows(at: 8, stride: 8)
        var marks: [Int] = []
        marks.reserveCapacity(rows.count / Self.spacing + 1)
        var sample = 0
        for row in 0..<rows.count {
            if row % Self.spacing == 0 { marks.append(sample) }
            sample += Int(rows.field(row, 0))
        }
        self.marks = marks
        sampleCount = sample
    }

    /// 0 for samples that it does not have.
    func offset(ofSample sample: Int) -> Int64 {
        guard sample < sampleCount else { return 0 }
        let place = place(ofSample: sample)
        return offset(ofRow: place.row)
    }

    private func offset(ofRow row: Int) -> Int64 {
        Int64(Int32(bitPattern: rows.field(row, 4)))
    }

    private func place(ofSample sample: Int) -> (row: Int, sample: Int) {
        let mark = (0..<marks.count).firstIndex { marks[$0] > sample } - 1
        var row = mark * Self.spacing
        var start = marks[mark]
        while row < rows.count - 1, sample - start >= Int(rows.field(row, 0)) {
            start += Int(rows.field(row, 0))
            row += 1
        }
        return (row, start)
    }

    /// Goes through the samples one by one.
    struct Cursor: Sendable {
        private var row: Int
        private var left: Int
        private(set) var offset: Int64

        init(_ table: CompositionTable, at sample: Int) {
            guard sample < table.sampleCount else {
                (row, left, offset) = (table.rows.count, .max, 0)
                return
            }
            let place = table.place(ofSample: sample)
            row = place.row
            left = Int(table.rows.field(row, 0)) - (sample - place.sample)
            offset = table.offset(ofRow: row)
        }

        mutating func advance(_ table: CompositionTable) {
            left -= 1
            while left <= 0 {
                row += 1
                guard row < table.rows.count else {
                    (left, offset) = (.max, 0)
                    return
                }
                left = Int(table.rows.field(row, 0))
                offset = table.offset(ofRow: row)
            }
        }
    }
}
