import NIOCore

/// The sample tables of a hint track that is being written.
struct HintTables: Sendable {
    private(set) var sizes: [UInt32] = []
    /// When each sample is sent, in units of the track's timescale; never goes back.
    private(set) var times: [Int64] = []
    private var chunks: [(offset: Int64, count: UInt32)] = []
    /// From 1.
    private var syncs: [UInt32] = []
    private var pending: UInt32 = 0

    /// A sample that goes into the next chunk.
    mutating func add(size: Int, at time: Int64, isSync: Bool) {
        sizes.append(UInt32(clamping: size))
        times.append(max(time, times.last ?? 0))
        pending += 1
        if isSync { syncs.append(UInt32(clamping: sizes.count)) }
    }

    /// The chunk of all samples since the last one has been written at `offset`.
    mutating func endChunk(at offset: Int64) {
        chunks.append((offset, pending))
        pending = 0
    }

    /// Units of time that the last sample takes: as many as the one before.
    private var lastDuration: Int64 {
        times.count > 1 ? times[times.count - 1] - times[times.count - 2] : 0
    }

    /// In units of the track's timescale, from the first sample on.
    var duration: Int64 { (times.last ?? 0) - (times.first ?? 0) + lastDuration }

    /// Writes `stts`, `stss` where not all samples are sync samples, `stsc`, `stsz`, and `stco` or `co64`.
    func write(to buffer: inout ByteBuffer) {
        writeTimes(to: &buffer)
        if syncs.count < sizes.count {
            buffer.writeFullBox("stss") { box in
                box.writeInteger(UInt32(clamping: syncs.count))
                for sync in syncs { box.writeInteger(sync) }
            }
        }
        writeChunks(to: &buffer)
        buffer.writeFullBox("stsz") { box in
            box.writeMultipleIntegers(0 as UInt32, UInt32(clamping: sizes.count))
            for size in sizes { box.writeInteger(size) }
        }
        let isLong = chunks.contains { $0.offset > Int64(UInt32.max) }
        buffer.writeFullBox(isLong ? "co64" : "stco") { box in
            box.writeInteger(UInt32(clamping: chunks.count))
            for chunk in chunks {
                if isLong { box.writeInteger(chunk.offset) } else { box.writeInteger(UInt32(chunk.offset)) }
            }
        }
    }

    private func writeTimes(to buffer: inout ByteBuffer) {
        var runs: [(count: UInt32, duration: UInt32)] = []
        for index in times.indices {
            let duration = index + 1 < times.count ? times[index + 1] - times[index] : lastDuration
            if runs.last?.duration == UInt32(clamping: duration) {
                runs[runs.count - 1].count += 1
            } else {
                runs.append((1, UInt32(clamping: duration)))
            }
        }
        buffer.writeFullBox("stts") { box in
            box.writeInteger(UInt32(clamping: runs.count))
            for run in runs { box.writeMultipleIntegers(run.count, run.duration) }
        }
    }

    private func writeChunks(to buffer: inout ByteBuffer) {
        let starts = chunks.indices.filter { $0 == 0 || chunks[$0].count != chunks[$0 - 1].count }
        buffer.writeFullBox("stsc") { box in
            box.writeInteger(UInt32(clamping: starts.count))
            for start in starts {
                box.writeMultipleIntegers(UInt32(clamping: start + 1), chunks[start].count, 1 as UInt32)
            }
        }
    }
}
