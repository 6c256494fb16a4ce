import NIOCore

/// The samples of a track that payload is copied out of, mostly forwards: a hint track's own, and those it refers to.
struct HintSource: Sendable {
    let table: SampleTable
    let descriptions: [SampleDescription]
    private var window: FileWindow
    private var cursor: SampleCursor
    private var current: MovieSample?

    init(_ track: MovieTrack, in bytes: any RandomAccessBytes, readAhead: Int) {
        table = track.samples
        descriptions = track.descriptions
        window = FileWindow(bytes, readAhead: readAhead)
        cursor = SampleCursor(track.samples)
    }

    /// Where a sample is; mostly it is the one asked for last, or the next one.
    mutating func sample(at index: Int) -> MovieSample? {
        if let current, current.index == index { return current }
        if let current, current.index + 1 == index, let next = cursor.next(), next.index == index {
            self.current = next
            return next
        }
        guard index >= 0, index < table.count else { return nil }
        cursor.move(to: index)
        current = cursor.next()
        return current
    }

    /// All of a sample; throws `.notAtHand` where it is not to wait and has to.
    mutating func read(_ sample: MovieSample, _ reading: FileReading) throws(MovieError) -> ByteBuffer {
        try window.read(at: sample.offset, count: sample.size, reading)
    }

    /// Forgets what was read ahead.
    mutating func release() {
        window.release()
    }

    /// Copies what a constructor refers to; false where the track does not have it.
    ///
    /// Throws where the system will not let us read.
    mutating func append(
        _ reference: HintConstructor.SampleReference, to batch: inout PacketBatch, within budget: inout HintBudget
    ) throws(MovieError) -> Bool {
        guard reference.length > 0 else { return true }
        guard reference.sample > 0 else { return false }
        if let samples = table.plain, let packing = samples.sizes.packing, table.fragments == nil {
            let block =
                reference.hasBlocks
                ? (reference.samplesPerBlock, reference.bytesPerBlock) : (packing.samples, packing.bytes)
            return try append(reference, of: samples, inBlocksOf: block, to: &batch, within: &budget)
        }
        guard let sample = sample(at: reference.sample - 1), reference.offset <= sample.size,
            reference.length <= sample.size - reference.offset
        else { return false }
        return try append(sample.offset &+ Int64(reference.offset), reference.length, to: &batch, within: &budget)
    }

    /// Bytes from a place of the file; false beyond its end.
    private mutating func append(
        _ offset: Int64, _ count: Int, to batch: inout PacketBatch, within budget: inout HintBudget
    ) throws(MovieError) -> Bool {
        guard budget.takesPiece(count) else { return false }
        do {
            let reading = batch.reading
            batch.append(try window.read(at: offset, count: count, spare: &budget.spare, reading))
            return true
        } catch .truncated {
            return false
        }
    }

    /// Sound whose samples are all of one size, or are counted in blocks: the bytes may go on through the samples and chunks that
    /// follow.
    private mutating func append(
        _ reference: HintConstructor.SampleReference, of samples: PlainSamples,
        inBlocksOf block: (samples: Int, bytes: Int), to batch: inout PacketBatch, within budget: inout HintBudget
    ) throws(MovieError) -> Bool {
        guard block.samples > 0, block.bytes > 0 else { return false }
        let index = reference.sample - 1 + reference.offset / block.bytes * block.samples
        guard index < samples.count else { return false }
        var place = samples.chunks.place(ofSample: index)
        var skipped = (index - place.sample) / block.samples * block.bytes + reference.offset % block.bytes
        var rest = reference.length
        while true {
            let length = (place.count + block.samples - 1) / block.samples * block.bytes
            if skipped < length {
                guard let start = samples.chunks.offset(ofChunk: place.chunk) else { return false }
                let count = min(rest, length - skipped)
                guard try append(start &+ Int64(skipped), count, to: &batch, within: &budget) else { return false }
                rest -= count
            }
            if rest == 0 { return true }
            guard let next = samples.chunks.place(after: place) else { return false }
            skipped = max(0, skipped - length)
            place = next
        }
    }
}
