/// A movie file (ISO/IEC 14496-12, QuickTime File Format): what `moov` and the heads of its fragments say, never the media.
///
/// Immutable, and shared by all viewers of a file.
///
/// ```
/// moov ┬ mvhd                     clock, duration, dates
///      ├ trak ┬ tkhd              number, enabled
///      │      ├ edts/elst         when its media are shown
///      │      ├ tref              which tracks it speaks of
///      │      ├ mdia ┬ mdhd       clock, language
///      │      │      ├ hdlr       kind
///      │      │      └ minf ┬ dinf/dref   in which file the media are
///      │      │             └ stbl        samples
///      │      └ udta              name, hnti, hinf
///      ├ mvex/trex                what samples of fragments have in common
///      └ udta                     name, hnti
/// ```
package struct Movie: Sendable {
    /// Units a second of the movie's own clock, more than 0.
    package let timescale: UInt32
    /// In units of `timescale`; of movies in fragments, and of those that do not say, as long as the longest track.
    package let duration: Int64
    /// In seconds since 1970.
    package let created: Int64?
    package let modified: Int64?
    /// The major brand, then the compatible ones; none in files of QuickTime before there were any.
    package let brands: [FourCC]
    package let isFragmented: Bool
    package let tracks: [MovieTrack]
    /// Tracks that cannot be read, and why.
    package let unreadableTracks: [MovieError]
    /// What a hinter wrote for all tracks together: lines of SDP (`moov/udta/hnti`).
    package let sessionDescription: String?
    package let name: String?

    /// How long it is, in seconds.
    package var seconds: Double { Double(duration) / Double(timescale) }

    /// How long playing it lasts, in microseconds: where edit lists show several parts of the media, they say.
    package var playedDuration: Int64 {
        let told = MovieTime.convert(duration, from: timescale, to: MovieTime.microseconds)
        let played = tracks.filter { ["vide", "soun"].contains($0.handler) }
        guard played.contains(where: { !$0.edits.isSimple }) else { return told }
        return played.map(\.presentationEnd).max() ?? told
    }

    package func track(_ id: UInt32) -> MovieTrack? {
        tracks.first { $0.id == id }
    }

    /// Reads what there is to know of a movie. Blocks.
    ///
    /// A track that cannot be read is left out, unless none can. Throws `.notAMovie`, `.truncated`, `.malformed`, `.tooMuch` and what
    /// reading throws.
    package init(
        reading bytes: any RandomAccessBytes, limits: MovieLimits = MovieLimits()
    ) throws(MovieError) {
        let outline = try MovieOutline(of: bytes, limits: limits)
        let moov = try Self.header(in: bytes, outline: outline, limits: limits)
        let boxes = try moov.children()
        guard let headerBox = boxes.first("mvhd") else { throw Self.unusable(moov, boxes) }
        let movieHeader = try TimeHeader(headerBox)
        let defaults = try FragmentDefaults.read(boxes.first("mvex"))
        var reading = TrackReading(
            movieTimescale: movieHeader.timescale, brands: outline.brands, limits: limits)
        try reading.readTracks(boxes)
        try reading.readFragments(outline.fragments, of: bytes, defaults: defaults)
        tracks = reading.tracks
        unreadableTracks = reading.failures
        if tracks.isEmpty, let failure = unreadableTracks.first { throw failure }

        isFragmented = boxes.first("mvex") != nil || !outline.fragments.isEmpty
        timescale = movieHeader.timescale
        created = movieHeader.created
        modified = movieHeader.modified
        brands = outline.brands
        let told = isFragmented ? nil : movieHeader.duration.flatMap { $0 > 0 ? $0 : nil }
        duration = told ?? Self.longest(tracks, timescale: movieHeader.timescale)
        let userData = UserData(boxes.first("udta"))
        sessionDescription = userData.movieSessionDescription
        name = userData.name
    }

    /// The `moov` box. Throws `.tooMuch` where it is larger than what is read.
    static func header(
        in bytes: any RandomAccessBytes, outline: MovieOutline, limits: MovieLimits
    ) throws(MovieError) -> Box {
        guard let header = outline.moov else { throw .notAMovie }
        guard header.size <= Int64(limits.moovBytes) else {
            throw .tooMuch("a moov box of \(header.size) bytes; \(limits.moovBytes) are read at most")
        }
        return Box(header: header, body: try bytes.read(at: header.bodyOffset, count: Int(header.bodySize)))
    }

    private static func longest(_ tracks: [MovieTrack], timescale: UInt32) -> Int64 {
        MovieTime.convert(
            tracks.map(\.presentationEnd).max() ?? 0, from: MovieTime.microseconds, to: timescale)
    }

    private static func unusable(_ moov: Box, _ boxes: [Box]) -> MovieError {
        if boxes.first("cmov") != nil { return moov.malformed("it is compressed; write the movie anew without") }
        if boxes.first("rmra") != nil { return .nothingToPlay("it only names other movies") }
        return moov.malformed("it has no mvhd box")
    }
}
