import ArgumentParser
import ISOMedia

struct MoviePackets: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "packets",
        abstract: "List the RTP packets that a movie is sent as.",
        discussion: """
            By its hint tracks where it has them, else as they are made of the samples. Times are seconds of the \
            presentation: when a packet is sent. Sizes are bytes with the RTP header. M: marker; K: the first of a sample \
            that decoding can begin with; B: nothing else needs it; R: sent before. Numbers and timestamps begin as the \
            hinter wrote them; a server begins at random ones.

            Examples:
              heliograph movie packets lecture.mov
              heliograph movie packets lecture.mov 3 --json
            """
    )

    @OptionGroup var source: MovieFile

    @Argument(help: "Only this track: a hint track, or the one that is sent by it.")
    var track: UInt32?

    @Flag(help: "One JSON list on standard output instead of text.")
    var json = false

    mutating func run() throws {
        let bytes = try source.open()
        let movie = try source.movie(in: bytes)
        if let track { _ = try source.track(track, of: movie) }
        let sent = SentTracks(of: movie, in: bytes)
        let wanted = sent.tracks.filter { track == nil || $0.id == track || $0.media == track }
        for (id, reason) in sent.leftOut where track == nil || id == track {
            source.complain("track \(id) is not sent: \(reason)")
        }
        guard !wanted.isEmpty else { throw ExitCode.failure }
        var listing = PacketListing(isJSON: json)
        for track in wanted { try listing.show(track, of: source) }
        try listing.end()
        if !listing.isWhole { throw ExitCode.failure }
    }
}

/// The packets of one track after the other on standard output.
private struct PacketListing: ~Copyable {
    private let isJSON: Bool
    private var output = TextOutput()
    private var listed = 0
    /// No track broke off.
    private(set) var isWhole = true

    init(isJSON: Bool) {
        self.isJSON = isJSON
    }

    mutating func show(_ track: SentTracks.Track, of source: MovieFile) throws {
        var packets = track.packets
        let heading = PacketHeading(
            channel: 0, ssrc: 0, sequenceNumber: track.firstSequence, timestampOrigin: track.timestampOffset)
        var batch = PacketBatch(heading: heading, capacity: 64 * 1024)
        var (count, size) = (0, 0)
        if !isJSON { try begin(track) }
        for sample in 0..<packets.sampleCount {
            batch.removeAll()
            let failure = Self.failure { () throws(MovieError) in try packets.write(sample: sample, to: &batch) }
            for entry in batch.entries {
                try output.line(isJSON ? object(entry, of: batch, in: track) : Self.line(entry, of: batch))
                listed += 1
                count += 1
                size += entry.length
            }
            guard let failure else { continue }
            isWhole = false
            // So that what went before stands before it.
            try output.flush()
            source.complain("track \(track.id) breaks off at sample \(sample + 1): \(failure)")
            break
        }
        if let complaint = Self.complaint(of: packets, isHinted: track.isHinted) {
            source.complain("track \(track.id): \(complaint)")
        }
        if !isJSON { try output.line("\(count) packets, \(size) bytes") }
    }

    private static func failure(_ body: () throws(MovieError) -> Void) -> MovieError? {
        do { try body() } catch { return error }
        return nil
    }

    /// What was left out; `nil` for nothing.
    private static func complaint(of packets: any TrackPackets, isHinted: Bool) -> String? {
        if isHinted {
            let lost = packets.leftOut
            return lost > 0 ? "\(lost) packets cannot be made: they refer to what is not there" : nil
        }
        return LeftOutSamples(of: packets).map { "\($0)" }
    }

    mutating func end() throws {
        if isJSON { try output.line(listed == 0 ? "[]" : "]") }
        try output.flush()
    }

    private mutating func begin(_ track: SentTracks.Track) throws {
        let kind = track.isHinted ? "track \(track.id), hints of track \(track.media)" : "track \(track.id)"
        try output.line("\(kind): payload type \(track.payloadType), \(track.clockRate) Hz")
        try output.line("sent".right(14) + "sequence".right(9) + "timestamp".right(11) + "bytes".right(7))
    }

    /// What its RTP header says.
    private static func header(_ entry: PacketBatch.Entry, of batch: PacketBatch) -> (Bool, UInt64, UInt64) {
        let head = batch.bytes.getInteger(at: entry.offset, as: UInt64.self) ?? 0
        return (head >> 55 & 1 == 1, head >> 32 & 0xFFFF, head & 0xFFFF_FFFF)
    }

    private static func line(_ entry: PacketBatch.Entry, of batch: PacketBatch) -> String {
        let (marker, sequence, timestamp) = header(entry, of: batch)
        let marks = [
            marker ? "M" : "", entry.traits.contains(.startsRandomAccess) ? "K" : "",
            entry.traits.contains(.disposable) ? "B" : "", entry.traits.contains(.repeated) ? "R" : "",
        ].joined()
        return seconds(entry.due).right(14) + "\(sequence)".right(9) + "\(timestamp)".right(11)
            + "\(entry.length)".right(7) + (marks.isEmpty ? "" : " " + marks)
    }

    /// By hand: there may be very many.
    private func object(_ entry: PacketBatch.Entry, of batch: PacketBatch, in track: SentTracks.Track) -> String {
        let (marker, sequence, timestamp) = Self.header(entry, of: batch)
        var fields = "\"track\":\(track.id),\"sent\":\(Self.seconds(entry.due)),\"sequence\":\(sequence)"
        fields += ",\"timestamp\":\(timestamp),\"bytes\":\(entry.length),\"marker\":\(marker)"
        fields += ",\"startsRandomAccess\":\(entry.traits.contains(.startsRandomAccess))"
        fields += ",\"isDisposable\":\(entry.traits.contains(.disposable))"
        fields += ",\"isRepeated\":\(entry.traits.contains(.repeated))"
        return (listed == 0 ? "[{" : ",{") + fields + "}"
    }

    /// Six places, as numbers of JSON have them.
    private static func seconds(_ microseconds: Int64) -> String {
        let fraction = String(microseconds.magnitude % 1_000_000)
        let places = String(repeating: "0", count: 6 - fraction.utf8.count) + fraction
        return "\(microseconds < 0 ? "-" : "")\(microseconds.magnitude / 1_000_000).\(places)"
    }
}
