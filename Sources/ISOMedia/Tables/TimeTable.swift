/// When samples are decoded: `stts` (ISO/IEC 14496-12 §8.6.1.2), runs of samples of equal duration.
///
/// ```
/// ┌────────────────┬───────────┬───────────┬─ …
/// │ version, flags │ rows: 32  │ count: 32 │ duration: 32 │ …
/// └────────────────┴───────────┴───────────┴─ …
/// ```
struct TimeTable: Sendable {
    /// Where a row begins.
    struct Place: Sendable {
        var row = 0
        /// Samples before it.
        var sample = 0
        var time: Int64 = 0
    }

    /// Rows from one mark to the next.
    private static let spacing = 32

    /// Samples it has times for.
    let sampleCount: Int
    /// Of all of them.
    let duration: Int64
    private let rows: TableRows
    private let marks: [Place]

    /// Throws `.malformed` where there is no room for its rows, or they last beyond all time.
    init(_ box: Box) throws(MovieError) {
        rows = try box.rows(at: 8, stride: 8)
        var marks: [Place] = []
        marks.reserveCapacity(rows.count / Self.spacing + 1)
        var place = Place()
        for row in 0..<rows.count {
            place.row = row
            if row % Self.spacing == 0 { marks.append(place) }
            let count = Int(rows.field(row, 0))
            let (length, overflow) = Int64(count).multipliedReportingOverflow(by: Self.duration(rows, row))
            guard !overflow, length <= MovieLimits.longestTime - place.time else {
                throw box.malformed("its samples last beyond all time")
            }
            place.sample += count
            place.time += length
        }
        self.marks = marks
        sampleCount = place.sample
        duration = place.time
    }

    /// Durations with the highest bit set are differences below zero, of writers whose clock went back: time stands still there.
    private static func duration(_ rows: TableRows, _ row: Int) -> Int64 {
        let value = rows.field(row, 4)
        return value > UInt32(Int32.max) ? 0 : Int64(value)
    }

    func duration(ofRow row: Int) -> Int64 { Self.duration(rows, row) }
    func count(ofRow row: Int) -> Int { Int(rows.field(row, 0)) }

    /// The row that has `sample`, which is less than `sampleCount`.
    func place(ofSample sample: Int) -> Place {
        var place = marks[(0..<marks.count).firstIndex { marks[$0].sample > sample } - 1]
        while place.row < rows.count - 1, sample - place.sample >= count(ofRow: place.row) { advance(&place) }
        return place
    }

    /// The last sample that is decoded at `time` or before; 0 where none is.
    func sample(at time: Int64) -> Int {
        guard time >= 0, sampleCount > 0 else { return 0 }
        // The last row that begins at `time` or before and has samples: of several at one time the later ones count.
        var place = marks[(0..<marks.count).firstIndex { marks[$0].time > time } - 1]
        var found = max(0, place.sample - 1)
        while place.row < rows.count, place.time <= time {
            let count = count(ofRow: place.row)
            let duration = duration(ofRow: place.row)
            if count > 0 {
                let steps = duration > 0 ? min(Int((time - place.time) / duration), count - 1) : count - 1
                found = place.sample + steps
            }
            advance(&place)
        }
        return min(found, sampleCount - 1)
    }

    private func advance(_ place: inout Place) {
        let count = count(ofRow: place.row)
        place.time += Int64(count) * duration(ofRow: place.row)
        place.sample += count
        place.row += 1
    }

    /// Goes through the samples one by one.
    struct Cursor: Sendable {
        private var row: Int
        private var left: Int
        private(set) var time: Int64
        private(set) var duration: Int64

        /// At `sample`, which is less than `sampleCount`.
        init(_ table: TimeTable, at sample: Int) {
            let place = table.place(ofSample: sample)
            row = place.row
            duration = table.duration(ofRow: row)
            left = table.count(ofRow: row) - (sample - place.sample)
            time = place.time + Int64(sample - place.sample) * duration
        }

        mutating func advance(_ table: TimeTable) {
            time &+= duration
            left -= 1
            while left <= 0, row < table.rows.count - 1 {
                row += 1
                left = table.count(ofRow: row)
                duration = table.duration(ofRow: row)
            }
        }
    }
}
