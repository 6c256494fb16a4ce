import NIOCore

/// Puts the samples of one track together, fragment by fragment.
struct FragmentBuilder: Sendable {
    /// Samples in a run, where each has fields of its own: what finding one has to go through.
    private static let spacing = 32

    /// Of sound every sample is one that decoding can begin with, whatever its flags say.
    private let isSound: Bool
    private var runs: [FragmentRun] = []
    private var rows = ByteBuffer()
    private var syncs: [Range<Int>] = []
    private var count = 0
    private var time: Int64
    /// Where the data of the last run end.
    private var offset: Int64 = 0
    private var bytes: Int64 = 0
    /// When the last sample is decoded.
    private var last: Int64

    /// `time` is where the samples of `moov` end, in units of the track's timescale.
    init(isSound: Bool, time: Int64) {
        self.isSound = isSound
        self.time = time
        last = time
    }

    var runCount: Int { runs.count }

    /// `nil` where there are none.
    var samples: FragmentSamples? {
        guard count > 0 else { return nil }
        return FragmentSamples(runs: runs, rows: rows, syncs: syncs, count: count, end: time, bytes: bytes)
    }

    /// When the first sample is decoded; `nil` where there is none.
    var firstTime: Int64? { runs.first?.time }

    /// All samples are decoded `time` earlier.
    mutating func bringForward(by time: Int64) {
        for index in runs.indices { runs[index].time -= time }
        self.time -= time
        last -= time
    }

    /// A fragment begins, which says when it is decoded (`tfdt`, §8.8.12). Time never goes back.
    mutating func begin(at time: Int64?) {
        guard let time else { return }
        self.time = max(time, last)
    }

    /// Takes a `trun` whose data are counted from `base` and begin at `next` if it does not say; tells where they end.
    ///
    /// Throws `.malformed` where there is no room for its rows, `.tooMuch` beyond `limit` samples of the track.
    mutating func take(
        _ box: Box, defaults: FragmentDefaults, base: Int64, next: inout Int64, limit: Int
    ) throws(MovieError) {
        let flags = box.flags
        let count = Int(try box.integer(at: 4, as: UInt32.self))
        var place = 8
        if flags & 1 != 0 {
            next = base + Int64(try box.integer(at: place, as: Int32.self))
            place += 4
        }
        var firstFlags: UInt32?
        if flags & 4 != 0 {
            firstFlags = try box.integer(at: place)
            place += 4
        }
        let layout = FragmentRun.Layout(rawValue: UInt8(flags >> 8 & 0xF))
        let room = layout.isEmpty ? count : (box.body.readableBytes - place) / layout.stride
        guard count <= room, let rows = box.body.getSlice(at: place, length: count * layout.stride) else {
            throw box.malformed("\(count) samples, with room for \(max(0, room))")
        }
        guard self.count + count <= limit else { throw .tooMuch("more than \(limit) samples in a track") }
        offset = next
        let run = FragmentRun(
            first: self.count, count: count, time: time, offset: next, row: self.rows.writerIndex, layout: layout,
            duration: defaults.duration, size: defaults.size, description: defaults.description
        )
        let first = isSound || SampleFlags.isSync(firstFlags ?? defaults.flags)
        let others = isSound || SampleFlags.isSync(defaults.flags)
        if layout.isEmpty {
            append(run, isFirstSync: first, areOthersSync: others)
        } else {
            self.rows.writeImmutableBuffer(rows)
            append(run, of: rows, isFirstSync: firstFlags.map { _ in first }, areOthersSync: others)
        }
        guard time <= MovieLimits.longestTime else { throw box.malformed("its samples last beyond all time") }
        next = offset
    }

    /// A run of samples that are all alike, however many.
    private mutating func append(_ run: FragmentRun, isFirstSync: Bool, areOthersSync: Bool) {
        guard run.count > 0 else { return }
        runs.append(run)
        count += 1
        note(1, areSync: isFirstSync)
        count += run.count - 1
        note(run.count - 1, areSync: areOthersSync)
        pass(Int64(run.count - 1), of: run)
        last = time
        pass(1, of: run)
    }

    private mutating func pass(_ samples: Int64, of run: FragmentRun) {
        time += samples * Int64(run.duration)
        offset &+= samples * Int64(run.size)
        bytes += samples * Int64(run.size)
    }

    /// A run whose samples have fields of their own, in pieces.
    private mutating func append(_ run: FragmentRun, of rows: ByteBuffer, isFirstSync: Bool?, areOthersSync: Bool) {
        let stride = run.layout.stride
        for step in 0..<run.count {
            if step % Self.spacing == 0 {
                var piece = run
                piece.first = count
                piece.count = min(Self.spacing, run.count - step)
                piece.time = time
                piece.offset = offset
                piece.row = run.row + step * stride
                runs.append(piece)
            }
            func field(_ field: FragmentRun.Layout) -> UInt32? {
                guard run.layout.contains(field) else { return nil }
                return rows.getInteger(at: step * stride + run.layout.place(of: field))
            }
            let own = field(.flags).map { isSound || SampleFlags.isSync($0) } ?? areOthersSync
            count += 1
            note(1, areSync: step == 0 ? isFirstSync ?? own : own)
            last = time
            time += Int64(field(.duration) ?? run.duration)
            let size = Int64(field(.size) ?? run.size)
            offset &+= size
            bytes += size
        }
    }

    /// The last `samples` samples are ones that decoding can begin with, or are not.
    private mutating func note(_ samples: Int, areSync: Bool) {
        guard areSync, samples > 0 else { return }
        let start = count - samples
        if let range = syncs.last, range.upperBound == start {
            syncs[syncs.count - 1] = range.lowerBound..<count
        } else {
            syncs.append(start..<count)
        }
    }
}
