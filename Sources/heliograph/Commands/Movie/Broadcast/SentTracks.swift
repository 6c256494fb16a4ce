import ISOMedia

/// The tracks of a movie file that can be sent as RTP, each by its hint track where it has one.
struct SentTracks {
    struct Track {
        /// The hint track, or the media track itself.
        let id: UInt32
        /// What it carries; 0 where a hint track refers to nothing there is.
        let media: UInt32
        let isHinted: Bool
        let payloadType: UInt8
        let clockRate: Int
        /// Port 0, without `a=control`.
        let lines: String
        let packets: any TrackPackets
        /// What a hint track's author wanted added to timestamps and numbers; 0 else.
        var timestampOffset: UInt32 = 0
        var firstSequence: UInt16 = 0
    }

    let movie: Movie
    let tracks: [Track]
    /// Tracks of pictures, sound and hints that cannot be sent, and why.
    let leftOut: [(id: UInt32, reason: String)]

    /// Blocks. Throws what reading the file throws.
    init(of movie: Movie, in bytes: any RandomAccessBytes, usingHints: Bool = true) {
        var tracks: [Track] = []
        var leftOut: [(id: UInt32, reason: String)] = []
        var carried: Set<UInt32> = []
        for track in movie.tracks where usingHints && HintTrack.isHint(track) {
            do throws(MovieError) {
                let made = try Self.hinted(track, of: movie, in: bytes)
                tracks.append(made)
                carried.insert(made.media)
            } catch {
                leftOut.append((track.id, "\(error)"))
            }
        }
        for track in movie.tracks where ["vide", "soun"].contains(track.handler) && !carried.contains(track.id) {
            do throws(MovieError) {
                tracks.append(try Self.plain(track, in: bytes))
            } catch {
                leftOut.append((track.id, "\(error)"))
            }
        }
        self.movie = movie
        self.tracks = tracks
        self.leftOut = leftOut
    }

    private static func hinted(
        _ track: MovieTrack, of movie: Movie, in bytes: any RandomAccessBytes
    ) throws(MovieError) -> Track {
        let hint = try HintTrack(track, of: movie, in: bytes)
        let packets = try HintedPackets(hint, in: bytes)
        var made = Track(
            id: track.id, media: hint.media?.id ?? 0, isHinted: true, payloadType: hint.payloadType,
            clockRate: Int(hint.clockRate), lines: hint.mediaDescription, packets: packets.whole)
        made.timestampOffset = UInt32(bitPattern: hint.timestampOffset)
        made.firstSequence = packets.firstSequence
        return made
    }

    private static func plain(_ track: MovieTrack, in bytes: any RandomAccessBytes) throws(MovieError) -> Track {
        let format = try MediaTrackFormat(track, in: bytes)
        let packets = PacketizedSamples.whole(track, format: format, in: bytes)
        return Track(
            id: track.id, media: track.id, isHinted: false, payloadType: format.payloadType,
            clockRate: format.clockRate, lines: format.mediaDescription, packets: packets)
    }
}
