/// Long samples of uncompressed sound, taken a tenth of a second at a time: each piece stands for a sample of its own.
///
/// ```
/// in the file    ═════════ 0 ═════════ ═════════ 1 ═════════ ══ 2 ══
/// pieces         ═ 0 ═ ═ 1 ═ ═ 2 ═ ═3═ ═ 4 ═ ═ 5 ═ ═ 6 ═ ═7═ ═8═         (9, 10 and 11 are empty)
/// ```
/// All samples have as many, so that no table is needed.
struct SamplePieces: Sendable, Hashable {
    /// In each sample, 1 where they are left as they are.
    let count: Int
    /// Frames in each but the last one.
    private let frames: Int
    /// The least that a frame has in the file: sample descriptions may differ.
    private let bytesPerFrame: Int
    private let sampleRate: UInt32
    private let timescale: UInt32

    /// A sample that would have more has longer ones: of the longest that is read, 64 KiB.
    private static let most = 256
    /// Of a second.
    private static let part = 10

    /// For samples of `longest` bytes at most, with times in units of `timescale`, whose packets have `limit` bytes at most. `forms` are
    /// those of the sample descriptions, alike but for how the file has them.
    init(of forms: [WaveformForm], longest: Int, timescale: UInt32, limit: Int) {
        guard let form = forms.min(by: { $0.bytesPerFrame < $1.bytesPerFrame }) else {
            self = .whole
            return
        }
        let inPacket = form.framesPerPacket(limit: limit)
        let all = min(longest, PacketizedSamples.maximumSampleSize) / form.bytesPerFrame
        let wanted = max(form.sampleRate / Self.part, (all + Self.most - 1) / Self.most)
        let frames = (wanted + inPacket - 1) / inPacket * inPacket
        self.init(
            count: max(1, (all + frames - 1) / frames), frames: frames, bytesPerFrame: form.bytesPerFrame,
            sampleRate: UInt32(clamping: form.sampleRate), timescale: timescale)
    }

    private init(count: Int, frames: Int, bytesPerFrame: Int, sampleRate: UInt32, timescale: UInt32) {
        self.count = count
        self.frames = frames
        self.bytesPerFrame = bytesPerFrame
        self.sampleRate = sampleRate
        self.timescale = timescale
    }

    /// Samples are left as they are.
    static let whole = SamplePieces(count: 1, frames: 0, bytesPerFrame: 1, sampleRate: 1, timescale: 1)

    /// The sample that has a piece, and which of its pieces that is, of those of all samples counted through.
    func place(of index: Int) -> (sample: Int, piece: Int) {
        (index / count, index % count)
    }

    /// A piece as if it were a sample, and how many frames of it stand before; `nil` where it is empty.
    func piece(_ number: Int, of sample: MovieSample, _ form: SampleForm) -> (sample: MovieSample, frames: Int)? {
        guard count > 1, case .waveform(let form) = form else { return (sample, 0) }
        let bytesPerFrame = form.bytesPerFrame
        let start = number * frames * bytesPerFrame
        guard start < sample.size else { return nil }
        var piece = sample
        piece.offset &+= Int64(start)
        // What is no whole frame stays with the last one.
        piece.size = number == count - 1 ? sample.size - start : min(frames * bytesPerFrame, sample.size - start)
        piece.decodeTime = begin(of: number, in: sample)
        piece.duration = begin(of: number + 1, in: sample) - piece.decodeTime
        return (piece, number * frames)
    }

    /// When a piece is decoded: where the file tells that its sample is shorter than it is, no later than the next one.
    func begin(of number: Int, in sample: MovieSample) -> Int64 {
        guard count > 1 else { return sample.decodeTime }
        let later = MovieTime.convert(Int64(number) &* Int64(frames), from: sampleRate, to: timescale)
        return sample.decodeTime &+ max(0, min(later, sample.duration))
    }

    /// The piece behind the last one of what a track's edit list shows.
    func end(of track: MovieTrack, _ span: PlayedSpan) -> Int {
        guard count > 1, let end = track.edits.mediaEnd, let last = track.samples.sample(at: span.end - 1) else {
            return span.end * count
        }
        return (span.end - 1) * count + piece(at: end - 1, in: last) + 1
    }

    /// The piece that is heard at a time, in units of `timescale`.
    func piece(at time: Int64, in sample: MovieSample) -> Int {
        guard count > 1 else { return 0 }
        // The last one that begins there or before.
        let pieces = min(count, max(1, (sample.size / bytesPerFrame + frames - 1) / frames))
        return max(0, (0..<pieces).firstIndex { begin(of: $0, in: sample) > time } - 1)
    }
}

extension SampleTable {
    /// Of the largest sample, in bytes. Takes as long as there are samples.
    var largestSize: Int {
        max(plain?.largestSize ?? 0, fragments?.largestSize ?? 0)
    }
}

extension PlainSamples {
    fileprivate var largestSize: Int {
        if let packing = sizes.packing { return packing.bytes }
        return (0..<count).reduce(0) { max($0, sizes.size(ofSample: $1, place: 0)) }
    }
}
