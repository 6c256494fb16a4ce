import NIOCore

/// Sound that the file has in samples of a byte or a few, in blocks of many: each stands for a sample.
struct SoundBlocks: Sendable {
    private let samples: SampleTable
    private let bytesPerFrame: Int

    /// Of what the file calls samples, in a block.
    static let length = 1024

    /// `nil` for a track that has many frames to the sample, or samples of many sizes.
    init?(_ track: MovieTrack, _ form: SampleForm) {
        guard case .waveform(let form) = form, track.samples.uniformSampleSize == form.bytesPerFrame,
            track.samples.run(from: 0, maximum: 1) != nil
        else { return nil }
        samples = track.samples
        bytesPerFrame = form.bytesPerFrame
    }

    /// Those that hold samples of the file.
    func blocks(of range: Range<Int>) -> Range<Int> {
        range.lowerBound / Self.length..<(range.upperBound + Self.length - 1) / Self.length
    }

    /// A block as if it were a sample that ends where its last one ends; `nil` beyond the end, and where the tables name no place.
    func sample(at index: Int) -> MovieSample? {
        let frames = frames(of: index)
        guard let first = samples.sample(at: frames.lowerBound), let last = samples.sample(at: frames.upperBound - 1)
        else { return nil }
        let size = frames.count * bytesPerFrame
        return MovieSample(
            index: index, offset: max(0, last.offset &+ Int64(bytesPerFrame - size)), size: size,
            decodeTime: first.decodeTime, duration: last.decodeTime &+ last.duration &- first.decodeTime,
            descriptionIndex: first.descriptionIndex)
    }

    /// As many runs as there are chunks: the last place of a block is not where all of it is.
    func bytes(
        at index: Int, from window: inout FileWindow, isKnown: (_ description: Int) -> Bool
    ) throws(MovieError) -> ByteBuffer? {
        let frames = frames(of: index)
        var next = frames.lowerBound
        var bytes = ByteBuffer()
        while next < frames.upperBound {
            guard let run = samples.run(from: next, maximum: frames.upperBound - next), run.count > 0,
                isKnown(run.descriptionIndex)
            else { return nil }
            let piece = try window.read(at: run.offset, count: run.bytes)
            if run.count == frames.count { return piece }
            bytes.writeImmutableBuffer(piece)
            next += run.count
        }
        return bytes
    }

    private func frames(of index: Int) -> Range<Int> {
        let start = min(max(0, index), samples.count / Self.length) * Self.length
        return start..<max(start, min(start + Self.length, samples.count))
    }
}
