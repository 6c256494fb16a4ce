/// The samples of a track: those that `moov` tells of, then those of the fragments.
///
/// Samples are counted from 0. Tables stay as they stand in the file, shared by all who read them, and are decoded where they are
/// asked; beside them are indices of every 32nd row or so, so that a sample is found in logarithmic time. `SampleCursor` goes
/// through them in constant time each.
package struct SampleTable: Sendable {
    let plain: PlainSamples?
    let fragments: FragmentSamples?
    let plainCount: Int

    /// Samples there are.
    package let count: Int

    init(plain: PlainSamples?, fragments: FragmentSamples?) {
        self.plain = plain
        self.fragments = fragments
        plainCount = plain?.count ?? 0
        count = plainCount + (fragments?.count ?? 0)
    }

    /// A sample; `nil` beyond the end, and where the tables name no place in any file.
    package func sample(at index: Int) -> MovieSample? {
        guard index >= plainCount else { return plain?.sample(at: index) }
        guard let sample = fragments?.sample(at: index - plainCount) else { return nil }
        return behindPlain(sample)
    }

    func behindPlain(_ sample: MovieSample) -> MovieSample {
        var sample = sample
        sample.index += plainCount
        return sample
    }

    /// The last sample that is decoded at `time` or before, in units of the track's timescale; 0 where none is.
    package func index(decodedAt time: Int64) -> Int {
        if let fragments, let start = fragments.sample(at: 0)?.decodeTime, plain == nil || time >= start {
            return plainCount + fragments.index(decodedAt: time)
        }
        guard let plain else { return 0 }
        return min(plain.times.sample(at: time), plain.count - 1)
    }

    /// Where the last sample ends, in units of the track's timescale.
    package var end: Int64 {
        fragments?.end ?? plain?.end ?? 0
    }

    /// Of all samples together.
    package var bytes: Int64 {
        (plain.map { $0.sizes.length(from: 0, to: $0.count) } ?? 0) + (fragments?.bytes ?? 0)
    }

    /// How many samples decoding can begin with.
    package var syncCount: Int {
        (plain.map { samples in samples.syncs.map { $0.row(notBefore: samples.count) } ?? samples.count } ?? 0)
            + (fragments?.syncCount ?? 0)
    }

    /// The one size that all samples have, as PCM has.
    package var uniformSampleSize: Int? {
        guard fragments == nil, let packing = plain?.sizes.packing, packing.samples == 1 else { return nil }
        return packing.bytes
    }

    /// Samples of one size that lie one behind the other in one chunk, from `index` on, at most `maximum`; `nil` where samples have
    /// sizes of their own, in fragments, and beyond the end.
    package func run(from index: Int, maximum: Int) -> SampleRun? {
        plain?.run(from: index, maximum: maximum)
    }
}

// Where decoding can begin (`stss`, or the flags of fragments); everywhere, where nothing is said.
extension SampleTable {
    /// Not all samples are ones that decoding can begin with.
    package var hasSyncTable: Bool {
        plain?.syncs != nil || fragments?.hasSyncTable == true
    }

    package func isSync(_ index: Int) -> Bool {
        guard index >= 0, index < count else { return false }
        if index < plainCount { return plain?.isSync(index) ?? false }
        return fragments?.isSync(index - plainCount) ?? false
    }

    /// `nil` where there is none; an `index` beyond the end is the last sample's.
    package func syncIndex(atOrBefore index: Int) -> Int? {
        let index = min(index, count - 1)
        guard index >= 0 else { return nil }
        if index >= plainCount, let found = fragments?.sync(atOrBefore: index - plainCount) {
            return plainCount + found
        }
        guard plainCount > 0 else { return nil }
        return plain?.sync(atOrBefore: min(index, plainCount - 1))
    }

    package func syncIndex(before index: Int) -> Int? {
        index > 0 ? syncIndex(atOrBefore: index - 1) : nil
    }

    package func syncIndex(after index: Int) -> Int? {
        guard index < count - 1 else { return nil }
        let next = max(0, index + 1)
        if next < plainCount, let found = plain?.sync(notBefore: next) { return found }
        return fragments?.sync(notBefore: max(0, next - plainCount)).map { plainCount + $0 }
    }
}
