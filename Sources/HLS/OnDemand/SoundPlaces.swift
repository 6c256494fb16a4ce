/// Where each unit of a track's sound is heard, in samples from the presentation's 0 on: one goes behind the other, as long as the movie's
/// times agree with that.
///
/// Times of writers that count in milliseconds waver around it, and are not followed; a gap stays one.
struct SoundPlaces: Sendable, Hashable {
    private struct Row: Sendable, Hashable {
        /// Of the first unit in it.
        var index: Int
        var position: Int64
        /// Samples in each unit of it.
        var count: Int
    }

    /// Times that are off by less than so many parts of a second waver.
    private static let slackPart = 100
    /// More are no sound that anybody recorded: it ends there.
    private static let mostRows = 250_000

    private let sampleRate: Int
    private var rows: [Row] = []
    /// The unit behind the last one, and where that ends.
    private(set) var endIndex = 0
    private(set) var end: Int64 = 0

    init(sampleRate: Int) {
        self.sampleRate = sampleRate
    }

    var start: Int64 { rows.first?.position ?? 0 }
    var isEmpty: Bool { rows.isEmpty }

    /// The next unit, by the movie's time in samples; false where there is no room for it.
    mutating func append(index: Int, at time: Int64, count: Int) -> Bool {
        let isNext = !rows.isEmpty && index == endIndex && abs(time - end) <= Int64(sampleRate / Self.slackPart)
        let position = isNext ? end : time
        if !isNext || rows.last?.count != count {
            // What comes again, or before what was there, has no place.
            guard rows.count < Self.mostRows, rows.isEmpty || position > (rows.last?.position ?? .min) else {
                return false
            }
            rows.append(Row(index: index, position: position, count: count))
        }
        (endIndex, end) = (index + 1, position + Int64(count))
        return true
    }

    /// Of those before the first as if they went on from there.
    func position(of index: Int) -> Int64 {
        let row = rows[max(0, rows.partition { $0.index <= index } - 1)]
        return row.position + Int64(index - row.index) * Int64(row.count)
    }

    /// The last unit that begins at `position` or before; one before the first too.
    func index(at position: Int64) -> Int {
        let place = max(0, rows.partition { $0.position <= position } - 1)
        let row = rows[place]
        let offset = position - row.position
        let count = Int64(max(row.count, 1))
        let index = row.index + Int(offset >= 0 ? offset / count : -((-offset + count - 1) / count))
        let last = place + 1 < rows.count ? rows[place + 1].index : endIndex
        return min(index, last - 1)
    }
}

extension Array {
    /// How many of the elements, which are ordered so, fulfil it.
    fileprivate func partition(_ isBefore: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isBefore(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
