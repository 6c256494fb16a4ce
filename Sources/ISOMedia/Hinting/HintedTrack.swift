import Media
import NIOCore

/// A media track and the packets it is to be sent as.
package struct HintedTrack: Sendable {
    package let media: MovieTrack
    package let packets: any TrackPackets
    package let format: MediaTrackFormat

    /// `limit` of a payload, in bytes without RTP header.
    ///
    /// Throws `.nothingToPlay` with the reason for a track that cannot be carried, others where the file cannot be read.
    package init(_ media: MovieTrack, in bytes: any RandomAccessBytes, limit: Int) throws(MovieError) {
        self.media = media
        format = try MediaTrackFormat(media, in: bytes)
        packets = PacketizedSamples.whole(media, format: format, in: bytes, limit: limit)
    }

    /// Sound that begins a little before the movie is what its decoder needs to begin with, in microseconds.
    private static let preroll: Int64 = 250_000

    /// Where the movie begins: nobody sends what an edit list passes over.
    var firstSample: Int {
        packets.presentationTime(ofSample: 0) >= -Self.preroll ? 0 : packets.syncSample(for: 0)
    }

    /// How long before the movie its first packets would have to be sent, in microseconds: pictures are decoded before they are shown.
    var lead: Int64 {
        guard firstSample < packets.sampleCount else { return 0 }
        return max(0, 0 &- packets.dueTime(ofSample: firstSample))
    }

    var clockRate: UInt32 { UInt32(clamping: format.clockRate) }

    /// A hint sample is made of the media sample of the same number: not so of waveforms, of which a packet has many, nor where parts
    /// of the media are shown one after the other.
    var canRefer: Bool { (packets as? PacketizedSamples)?.areOwnSamples ?? false }
}

/// A hint track while it is written: samples wait until there are enough for a chunk.
struct HintedTrackProgress {
    let track: HintedTrack
    private(set) var tables = HintTables()
    private(set) var samples: HintSampleWriter
    /// Where the hint track begins in the presentation, in microseconds and in the movie's units.
    let start: Int64
    let emptyDuration: Int64
    /// When the next sample is sent, in microseconds of the movie; `nil` at the end.
    private(set) var due: Int64?
    /// So much later, for nothing can be sent before the movie begins.
    private let delay: Int64

    private var packets: any TrackPackets
    private var media: HintSource?
    private var index: Int
    private var batch: PacketBatch
    private var chunk = ByteBuffer()
    private var chunkDue: Int64 = 0
    /// Of the first sample, in units of the clock.
    private let origin: Int64
    private let base: Int64

    /// A chunk is read at once.
    private static let longestChunk: Int64 = 500_000
    private static let largestChunk = 256 * 1024

    /// Everything is sent `delay` microseconds later than it is due: the same for all tracks of a movie, and none has a longer `lead`.
    init(
        _ track: HintedTrack, of movie: Movie, in bytes: any RandomAccessBytes, form: HintForm, delay: Int64
    ) {
        self.track = track
        self.delay = delay
        packets = track.packets
        samples = HintSampleWriter(clockRate: track.clockRate)
        batch = PacketBatch(heading: PacketHeading(channel: 0, ssrc: 0, sequenceNumber: 0, timestampOrigin: 0))
        if form == .small, track.canRefer { media = HintSource(track.media, in: bytes, readAhead: 128 * 1024) }
        index = track.firstSample
        due = index < track.packets.sampleCount ? track.packets.dueTime(ofSample: index) : nil
        let first = max(0, (due ?? 0) &+ delay)
        emptyDuration = MovieTime.convert(first, from: MovieTime.microseconds, to: movie.timescale)
        start = MovieTime.convert(emptyDuration, from: movie.timescale, to: MovieTime.microseconds)
        origin = MovieTime.convert(first, from: MovieTime.microseconds, to: track.clockRate)
        base = MovieTime.convert(start, from: MovieTime.microseconds, to: track.clockRate)
    }

    /// Makes the next hint sample; true where a chunk is ready for `takeChunk`.
    mutating func advance() throws(MovieError) -> Bool {
        guard let due else { return false }
        if chunk.readableBytes == 0 { chunkDue = due }
        batch.removeAll()
        try packets.write(sample: index, to: &batch)
        let time = MovieTime.convert(max(0, due &+ delay), from: MovieTime.microseconds, to: track.clockRate) - origin
        var source: (bytes: ByteBuffer, number: UInt32)?
        if let place = media?.sample(at: index), let read = try media?.read(place, FileReading()) {
            source = (read, UInt32(clamping: index + 1))
        }
        let timestamp = UInt32(truncatingIfNeeded: max(time, tables.times.last ?? 0) + base)
        let sample = samples.sample(of: batch, at: timestamp, media: source)
        tables.add(size: sample.readableBytes, at: time, isSync: packets.isSync(index))
        chunk.writeImmutableBuffer(sample)
        index += 1
        self.due = index < packets.sampleCount ? packets.dueTime(ofSample: index) : nil
        return self.due.map { $0 - chunkDue >= Self.longestChunk } ?? true || chunk.readableBytes >= Self.largestChunk
    }

    /// The samples since the last chunk, which are going to stand at `offset`.
    mutating func takeChunk(at offset: Int64) -> ByteBuffer {
        tables.endChunk(at: offset)
        defer { chunk = ByteBuffer() }
        return chunk
    }

    /// Samples so far of which all or something could not be carried.
    var leftOut: Int { packets.leftOut }
}
