import NIOCore

/// The samples that decoding can begin with: `stss` (ISO/IEC 14496-12 §8.6.2), their numbers from 1.
struct SyncTable: Sendable {
    private let rows: TableRows

    /// Throws `.malformed` where there is no room for its rows.
    init(_ box: Box) throws(MovieError) {
        let rows = try box.rows(at: 8, stride: 4)
        for row in 0..<max(0, rows.count - 1) where rows.field(row, 0) >= rows.field(row + 1, 0) {
            self.rows = Self.sorted(rows)
            return
        }
        self.rows = rows
    }

    /// Some editors append the numbers of what they have put in.
    private static func sorted(_ rows: TableRows) -> TableRows {
        var numbers = (0..<rows.count).map { rows.field($0, 0) }
        numbers.sort()
        var bytes = ByteBufferAllocator().buffer(capacity: numbers.count * 4)
        var last: UInt32?
        for number in numbers where number != last {
            bytes.writeInteger(number)
            last = number
        }
        return TableRows(bytes: bytes, stride: 4, count: bytes.readableBytes / 4)
    }

    /// Rows there are.
    var count: Int { rows.count }

    /// The sample of a row, from 0; -1 for a number that is none.
    func sample(ofRow row: Int) -> Int {
        Int(rows.field(row, 0)) - 1
    }

    /// The first row whose sample is `sample` or later.
    func row(notBefore sample: Int) -> Int {
        (0..<rows.count).firstIndex { self.sample(ofRow: $0) >= sample }
    }
}
