import Media
import NIOCore

/// What viewers can be sent of a movie: the same for all of them, found out once.
package struct MovieProgram: Sendable {
    /// A track that can be sent.
    package struct Track: Sendable {
        /// Its lines of the session description, each ended by CR LF: port 0, no `a=control`.
        package let lines: String
        /// What the lines say.
        package let description: TrackDescription
        /// Where a viewer's own reader is copied from: it stands at the beginning and has read nothing yet.
        package let packets: any TrackPackets

        /// `nil` where the lines describe no media.
        package init?(lines: String, packets: any TrackPackets) {
            let read = try? SessionDescription(parsing: ByteBuffer(string: lines)).tracks.first
            guard let description = read else { return nil }
            self.lines = lines
            self.description = description
            self.packets = packets
        }

        /// Of RTP, in Hz; 0 where nobody says.
        package var clockRate: Int { description.primary.clockRate ?? 0 }

        package var isVideo: Bool { description.kind == .video }
    }

    /// A track that cannot be sent, and why.
    package struct LeftOut: Sendable, Hashable {
        /// The movie's own number of it.
        package let track: UInt32
        package let reason: String

        package init(track: UInt32, reason: String) {
            self.track = track
            self.reason = reason
        }
    }

    /// The file that it is of, for who takes the samples as they are.
    package struct Source: Sendable {
        package let movie: Movie
        package let bytes: any RandomAccessBytes
    }

    /// `nil` of one that was made of something else than a file.
    package let source: Source?
    /// In the order they are described; `a=control:trackID=<index>`.
    package let tracks: [Track]
    package let leftOut: [LeftOut]
    /// In microseconds; 0 where the file does not say.
    package let duration: Int64
    /// What the movie calls itself.
    package let name: String?
    /// Lines that the movie wants in the session's part of its description.
    let sessionLines: [String]

    /// `sessionDescription` is the movie's own, of which only what says something of the movie is taken over; `source` the file, if any.
    ///
    /// Throws `.nothingToPlay` where there is no track.
    package init(
        tracks: [Track], leftOut: [LeftOut] = [], duration: Int64, name: String? = nil,
        sessionDescription: String? = nil, source: Source? = nil
    ) throws(MovieError) {
        guard !tracks.isEmpty else {
            let reasons = leftOut.map { "track \($0.track): \($0.reason)" }.joined(separator: "; ")
            throw .nothingToPlay(reasons.isEmpty ? "there is no track of pictures or sound" : reasons)
        }
        self.source = source
        self.tracks = tracks
        self.leftOut = leftOut
        self.duration = max(0, duration)
        self.name = name
        sessionLines = Self.lines(of: sessionDescription ?? "")
    }
}
