import NIOCore

/// Gathers the fragments of a movie: `moof` (ISO/IEC 14496-12 §8.8.4).
struct FragmentCollection: Sendable {
    private let defaults: [UInt32: FragmentDefaults]
    private let limits: MovieLimits
    private var tracks: [UInt32: FragmentBuilder]
    private var bytes: Int64 = 0
    private var runs = 0

    /// `tracks` are those of the movie, as far as `moov` itself has samples of them.
    init(tracks: [UInt32: FragmentBuilder], defaults: [UInt32: FragmentDefaults], limits: MovieLimits) {
        self.tracks = tracks
        self.defaults = defaults
        self.limits = limits
    }

    /// Takes a fragment; of tracks that the movie does not have, nothing.
    ///
    /// Throws `.tooMuch` beyond the limits, and what reading throws.
    mutating func take(_ header: BoxHeader, from file: inout FileWindow) throws(MovieError) {
        bytes += header.size
        guard bytes <= Int64(limits.fragmentBytes) else {
            throw .tooMuch("fragments described by more than \(limits.fragmentBytes) bytes")
        }
        let body = try file.read(at: header.bodyOffset, count: Int(header.bodySize))
        // Where the data of the part before end: where those of the next begin, if it does not say.
        var next = header.offset
        for part in try Box(header: header, body: body).children() where part.type == "traf" {
            try take(part: part.children(), of: header.offset, next: &next)
        }
    }

    private mutating func take(part: [Box], of moof: Int64, next: inout Int64) throws(MovieError) {
        guard let head = part.first("tfhd") else { return }
        let header = try FragmentTrackHeader(head, tracks: defaults, moof: moof)
        guard var builder = tracks[header.track] else { return }
        // Else the builder's arrays would be copied with each fragment.
        tracks[header.track] = nil
        defer { tracks[header.track] = builder }
        if let box = part.first("tfdt") {
            // All bits set would mean unknown.
            builder.begin(at: try box.time(at: 4, isLong: box.version == 1))
        }
        let base = header.base ?? next
        next = base
        for box in part where box.type == "trun" {
            let before = builder.runCount
            try builder.take(box, defaults: header.defaults, base: base, next: &next, limit: limits.samples)
            runs += builder.runCount - before
            guard runs <= limits.fragmentRuns else {
                throw .tooMuch("more than \(limits.fragmentRuns) runs of samples")
            }
        }
    }

    /// When the first sample of a track is decoded, in units of its timescale; `nil` where no fragment has any.
    func firstTime(ofTrack id: UInt32) -> Int64? {
        tracks[id]?.firstTime
    }

    /// All samples of a track are decoded `time` earlier, in units of its timescale.
    mutating func bringForward(track id: UInt32, by time: Int64) {
        tracks[id]?.bringForward(by: time)
    }

    /// The samples of a track; `nil` where no fragment has any.
    func samples(ofTrack id: UInt32) -> FragmentSamples? {
        tracks[id]?.samples
    }
}
