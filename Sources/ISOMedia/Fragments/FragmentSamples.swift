import NIOCore

/// The samples of one track that the fragments of a movie tell of.
final class FragmentSamples: Sendable {
    let count: Int
    /// Where the last one ends, in units of the track's timescale.
    let end: Int64
    /// Of all samples together.
    let bytes: Int64
    private let runs: [FragmentRun]
    /// Of all runs, one behind the other, as in the file.
    private let rows: ByteBuffer
    /// Samples that decoding can begin with, as ranges, for one may be like the other.
    private let syncs: [Range<Int>]

    init(runs: [FragmentRun], rows: ByteBuffer, syncs: [Range<Int>], count: Int, end: Int64, bytes: Int64) {
        self.runs = runs
        self.rows = rows
        self.syncs = syncs
        self.count = count
        self.end = end
        self.bytes = bytes
    }

    /// Not all samples are ones that decoding can begin with.
    var hasSyncTable: Bool { syncs != [0..<count] }

    /// Those that decoding can begin with.
    var syncCount: Int { syncs.reduce(0) { $0 + $1.count } }

    /// In bytes. Takes as long as there are rows.
    var largestSize: Int {
        runs.reduce(0) { largest, run in
            guard run.layout.contains(.size) else { return max(largest, Int(run.size)) }
            return (0..<run.count).reduce(largest) { max($0, Int(field(.size, $1, of: run) ?? 0)) }
        }
    }

    /// `nil` beyond the end, and where it is nowhere.
    func sample(at index: Int) -> MovieSample? {
        guard index >= 0, index < count else { return nil }
        var cursor = Cursor(self, at: index)
        return cursor.next(self)
    }

    /// The last sample that is decoded at `time` or before; 0 where none is.
    func index(decodedAt time: Int64) -> Int {
        let number = (0..<runs.count).firstIndex { runs[$0].time > time } - 1
        guard number >= 0 else { return 0 }
        let run = runs[number]
        if !run.layout.contains(.duration) {
            let steps = run.duration > 0 ? (time - run.time) / Int64(run.duration) : Int64(run.count)
            return run.first + Int(min(steps, Int64(run.count - 1)))
        }
        var start = run.time
        for step in 1..<max(1, run.count) {
            start += Int64(duration(step - 1, of: run))
            if start > time { return run.first + step - 1 }
        }
        return run.first + run.count - 1
    }

    func isSync(_ index: Int) -> Bool {
        let number = syncRange(endingAfter: index)
        return number < syncs.count && syncs[number].contains(index)
    }

    func sync(atOrBefore index: Int) -> Int? {
        let number = syncRange(endingAfter: index)
        if number < syncs.count, syncs[number].contains(index) { return index }
        return number > 0 ? syncs[number - 1].upperBound - 1 : nil
    }

    func sync(notBefore index: Int) -> Int? {
        let number = syncRange(endingAfter: index)
        return number < syncs.count ? Swift.max(index, syncs[number].lowerBound) : nil
    }

    private func syncRange(endingAfter index: Int) -> Int {
        (0..<syncs.count).firstIndex { syncs[$0].upperBound > index }
    }

    private func field(_ field: FragmentRun.Layout, _ step: Int, of run: FragmentRun) -> UInt32? {
        guard run.layout.contains(field) else { return nil }
        return rows.getInteger(at: run.row + step * run.layout.stride + run.layout.place(of: field))
    }

    private func duration(_ step: Int, of run: FragmentRun) -> UInt32 {
        field(.duration, step, of: run) ?? run.duration
    }

    /// Goes through the samples one by one.
    struct Cursor: Sendable {
        private var number: Int
        private var run: FragmentRun
        private var step = 0
        private var time: Int64
        private var offset: Int64
        private var sync: Int

        /// At `index`, which is less than `count`.
        init(_ samples: FragmentSamples, at index: Int) {
            number = (0..<samples.runs.count).firstIndex { samples.runs[$0].first > index } - 1
            run = samples.runs[number]
            time = run.time
            offset = run.offset
            sync = samples.syncRange(endingAfter: index)
            let steps = index - run.first
            if run.layout.isEmpty {
                skip(steps)
            } else {
                // At most the few that a run has.
                for _ in 0..<steps { advance(samples) }
            }
        }

        private mutating func skip(_ steps: Int) {
            step = steps
            time += Int64(steps) * Int64(run.duration)
            offset &+= Int64(steps) * Int64(run.size)
        }

        private mutating func advance(_ samples: FragmentSamples) {
            time += Int64(samples.duration(step, of: run))
            offset &+= Int64(samples.field(.size, step, of: run) ?? run.size)
            step += 1
        }

        /// `nil` beyond the end, and where it is nowhere.
        mutating func next(_ samples: FragmentSamples) -> MovieSample? {
            if step == run.count {
                guard number + 1 < samples.runs.count else { return nil }
                number += 1
                run = samples.runs[number]
                (step, time, offset) = (0, run.time, run.offset)
            }
            guard offset >= 0 else { return nil }
            let composition = samples.field(.composition, step, of: run) ?? 0
            let index = run.first + step
            while sync < samples.syncs.count, samples.syncs[sync].upperBound <= index { sync += 1 }
            let sample = MovieSample(
                index: index, offset: offset, size: Int(samples.field(.size, step, of: run) ?? run.size),
                decodeTime: time, duration: Int64(samples.duration(step, of: run)),
                // Signed in both versions, as writers put negative ones into version 0.
                compositionOffset: Int64(Int32(bitPattern: composition)),
                isSync: sync < samples.syncs.count && samples.syncs[sync].contains(index),
                descriptionIndex: Int(run.description)
            )
            advance(samples)
            return sample
        }
    }
}
