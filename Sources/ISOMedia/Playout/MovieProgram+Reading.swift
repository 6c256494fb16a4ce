import NIOCore

extension MovieProgram {
    /// What can be sent of a file: tracks by the hint track that tells how, where they have one that can be used; packetised here
    /// where not. Blocks.
    package init(reading bytes: any RandomAccessBytes) throws(MovieError) {
        let movie = try Movie(reading: bytes)
        var leftOut: [LeftOut] = []
        let hinted = Self.hintedTracks(of: movie, in: bytes, &leftOut)
        var tracks: [Track] = []
        for track in movie.tracks where !HintTrack.isHint(track) && track.handler != "hint" {
            if let hint = hinted[track.id] {
                tracks.append(hint)
                continue
            }
            do throws(MovieError) {
                guard !movie.isSwitchedOff(track) else {
                    throw .nothingToPlay("it is switched off, and another of its kind is on")
                }
                let format = try MediaTrackFormat(track, in: bytes)
                let packets = PacketizedSamples.whole(track, format: format, in: bytes)
                guard let plain = Track(lines: format.mediaDescription, packets: packets) else {
                    throw .nothingToPlay("its description names no media")
                }
                tracks.append(plain)
            } catch {
                // A file that cannot be read at all is no movie without tracks.
                switch error {
                case .unreadable, .changed, .notAtHand: throw error
                default: break
                }
                leftOut.append(LeftOut(track: track.id, reason: "\(error)"))
            }
        }
        try self.init(
            tracks: tracks, leftOut: leftOut,
            duration: movie.playedDuration, name: movie.name, sessionDescription: movie.sessionDescription,
            source: Source(movie: movie, bytes: bytes))
    }

    /// By the media track that each is about; of several about one, the first that can be used.
    private static func hintedTracks(
        of movie: Movie, in bytes: any RandomAccessBytes, _ leftOut: inout [LeftOut]
    ) -> [UInt32: Track] {
        var hinted: [UInt32: Track] = [:]
        for track in movie.tracks where HintTrack.isHint(track) {
            do throws(MovieError) {
                let hint = try HintTrack(track, of: movie, in: bytes)
                guard let media = hint.media else {
                    throw .nothingToPlay("it is about tracks that the movie does not have")
                }
                guard hinted[media.id] == nil else { continue }
                let packets = try HintedPackets(hint, in: bytes).whole
                guard let usable = Track(lines: hint.mediaDescription, packets: packets) else {
                    throw .nothingToPlay("its description names no media")
                }
                hinted[media.id] = usable
            } catch {
                // The media track behind it is packetised here.
                leftOut.append(LeftOut(track: track.id, reason: "\(error)"))
            }
        }
        return hinted
    }
}

extension Movie {
    /// Of several languages, say, one is on; some writers switch none on.
    package func isSwitchedOff(_ track: MovieTrack) -> Bool {
        !track.isEnabled && tracks.contains { $0.isEnabled && $0.handler == track.handler }
    }
}
