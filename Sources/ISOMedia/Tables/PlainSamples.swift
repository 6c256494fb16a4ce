/// The samples that the tables of `moov` tell of: `stbl` (ISO/IEC 14496-12 §8.5.1).
///
/// Tables that disagree on how many there are: the least of them counts, for the rest has no time, no size or no place.
final class PlainSamples: Sendable {
    let times: TimeTable
    let compositions: CompositionTable?
    let chunks: ChunkTable
    let sizes: SizeTable
    let syncs: SyncTable?
    let count: Int

    /// `packing` and `isSound` as in `SizeTable`. `nil` where the tables are not there at all, or empty, as in a movie in fragments.
    ///
    /// Throws `.malformed` and `.tooMuch`.
    init?(
        _ table: [Box], packing: SizeTable.Packing?, isSound: Bool, limits: MovieLimits
    ) throws(MovieError) {
        guard let timeBox = table.first("stts"), let chunkBox = table.first("stsc"),
            let offsetBox = table.first("co64") ?? table.first("stco"),
            let sizeBox = table.first("stsz") ?? table.first("stz2")
        else { return nil }
        times = try TimeTable(timeBox)
        chunks = try ChunkTable(runs: chunkBox, offsets: offsetBox)
        sizes = try SizeTable(sizeBox, packing: packing, isSound: isSound, maximum: limits.samples)
        if let box = table.first("ctts") { compositions = try CompositionTable(box) } else { compositions = nil }
        if let box = table.first("stss") { syncs = try SyncTable(box) } else { syncs = nil }
        count = min(times.sampleCount, chunks.sampleCount, sizes.count)
        guard count > 0 else { return nil }
    }

    /// Where the last one ends, in units of the track's timescale.
    var end: Int64 {
        count < times.sampleCount ? times.startTime(ofSample: count) : times.duration
    }

    /// `nil` beyond the end, and where its chunk is nowhere.
    func sample(at index: Int) -> MovieSample? {
        guard index >= 0, index < count else { return nil }
        let chunk = chunks.place(ofSample: index)
        guard let start = chunks.offset(ofChunk: chunk.chunk) else { return nil }
        let time = times.place(ofSample: index)
        let duration = times.duration(ofRow: time.row)
        return MovieSample(
            index: index, offset: start &+ sizes.length(from: chunk.sample, to: index),
            size: sizes.size(ofSample: index, place: index - chunk.sample),
            decodeTime: time.time + Int64(index - time.sample) * duration, duration: duration,
            compositionOffset: compositions?.offset(ofSample: index) ?? 0, isSync: isSync(index),
            descriptionIndex: chunks.description(ofRow: chunk.row)
        )
    }

    func isSync(_ index: Int) -> Bool {
        guard let syncs else { return true }
        let row = syncs.row(notBefore: index)
        return row < syncs.count && syncs.sample(ofRow: row) == index
    }

    func sync(atOrBefore index: Int) -> Int? {
        guard let syncs else { return index }
        let row = syncs.row(notBefore: index + 1) - 1
        guard row >= 0 else { return nil }
        let sample = syncs.sample(ofRow: row)
        return sample >= 0 ? sample : nil
    }

    func sync(notBefore index: Int) -> Int? {
        guard index < count else { return nil }
        guard let syncs else { return index }
        let row = syncs.row(notBefore: index)
        guard row < syncs.count else { return nil }
        let sample = syncs.sample(ofRow: row)
        return sample < count ? sample : nil
    }

    /// Samples of one size in one chunk, at most `maximum`; `nil` where they have sizes of their own.
    func run(from index: Int, maximum: Int) -> SampleRun? {
        guard let packing = sizes.packing, index >= 0, index < count, maximum > 0 else { return nil }
        let chunk = chunks.place(ofSample: index)
        guard let start = chunks.offset(ofChunk: chunk.chunk) else { return nil }
        let length = min(maximum, chunk.sample + chunk.count - index, count - index)
        let first = packing.length(of: index - chunk.sample)
        let from = times.startTime(ofSample: index)
        let to = index + length < times.sampleCount ? times.startTime(ofSample: index + length) : times.duration
        return SampleRun(
            index: index, count: length, offset: start &+ first,
            bytes: Int(packing.length(of: index - chunk.sample + length) - first), decodeTime: from,
            duration: to - from, descriptionIndex: chunks.description(ofRow: chunk.row)
        )
    }

    /// Goes through the samples one by one.
    struct Cursor: Sendable {
        private var index: Int
        private var time: TimeTable.Cursor
        private var composition: CompositionTable.Cursor?
        private var chunk: ChunkTable.Place
        private var offset: Int64?
        private var syncRow: Int

        /// At `index`, which is less than `count`.
        init(_ samples: PlainSamples, at index: Int) {
            self.index = index
            time = TimeTable.Cursor(samples.times, at: index)
            composition = samples.compositions.map { CompositionTable.Cursor($0, at: index) }
            let chunk = samples.chunks.place(ofSample: index)
            self.chunk = chunk
            offset = samples.chunks.offset(ofChunk: chunk.chunk).map {
                $0 &+ samples.sizes.length(from: chunk.sample, to: index)
            }
            syncRow = samples.syncs?.row(notBefore: index) ?? 0
        }

        /// `nil` beyond the end, and where its chunk is nowhere.
        mutating func next(_ samples: PlainSamples) -> MovieSample? {
            guard index < samples.count, let offset else { return nil }
            let size = samples.sizes.size(ofSample: index, place: index - chunk.sample)
            let sample = MovieSample(
                index: index, offset: offset, size: size, decodeTime: time.time, duration: time.duration,
                compositionOffset: composition?.offset ?? 0, isSync: isSync(samples),
                descriptionIndex: samples.chunks.description(ofRow: chunk.row)
            )
            advance(samples, by: size)
            return sample
        }

        private mutating func isSync(_ samples: PlainSamples) -> Bool {
            guard let syncs = samples.syncs else { return true }
            while syncRow < syncs.count, syncs.sample(ofRow: syncRow) < index { syncRow += 1 }
            return syncRow < syncs.count && syncs.sample(ofRow: syncRow) == index
        }

        private mutating func advance(_ samples: PlainSamples, by size: Int) {
            index += 1
            guard index < samples.count else { return }
            time.advance(samples.times)
            if let compositions = samples.compositions { composition?.advance(compositions) }
            if index < chunk.sample + chunk.count {
                offset = offset.map { $0 &+ Int64(size) }
            } else if let next = samples.chunks.place(after: chunk) {
                chunk = next
                offset = samples.chunks.offset(ofChunk: next.chunk)
            } else {
                offset = nil
            }
        }
    }
}

extension TimeTable {
    /// When a sample is decoded, which is less than `sampleCount`.
    func startTime(ofSample sample: Int) -> Int64 {
        let place = place(ofSample: sample)
        return place.time + Int64(sample - place.sample) * duration(ofRow: place.row)
    }
}
