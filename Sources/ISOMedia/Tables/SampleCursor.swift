/// Goes through the samples of a track one by one, each in constant time: what playing uses.
package struct SampleCursor: Sendable {
    private let table: SampleTable
    private var plain: PlainSamples.Cursor?
    private var fragments: FragmentSamples.Cursor?
    /// Of the sample that `next` gives.
    package private(set) var index: Int

    /// Before the sample at `index`; before the first one where that is below 0.
    package init(_ table: SampleTable, at index: Int = 0) {
        self.table = table
        self.index = max(0, index)
        enter()
    }

    /// Goes elsewhere, in logarithmic time.
    package mutating func move(to index: Int) {
        self.index = max(0, index)
        enter()
    }

    private mutating func enter() {
        (plain, fragments) = (nil, nil)
        if index < table.plainCount, let samples = table.plain {
            plain = PlainSamples.Cursor(samples, at: index)
        } else if index < table.count, let samples = table.fragments {
            fragments = FragmentSamples.Cursor(samples, at: index - table.plainCount)
        }
    }

    /// The next sample; `nil` beyond the end, and where the tables name no place in any file: there it stays.
    package mutating func next() -> MovieSample? {
        if let samples = table.plain, let sample = plain?.next(samples) {
            index += 1
            if index == table.plainCount { enter() }
            return sample
        }
        guard let samples = table.fragments, let sample = fragments?.next(samples) else { return nil }
        index += 1
        return table.behindPlain(sample)
    }
}
