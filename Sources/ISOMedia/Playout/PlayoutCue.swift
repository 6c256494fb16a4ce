/// What is to be played: from where to where, how fast, and which tracks.
package struct PlayoutCue: Sendable, Hashable {
    /// Where in the movie, in microseconds.
    package var position: Int64
    /// Nothing from here on is sent, in microseconds; `nil` plays as far as there is anything.
    package var end: Int64?
    /// 2 plays twice as fast, -1 backwards (RFC 2326 §12.34); never 0.
    package var scale: Double
    /// The tracks that are played, by their index, with the channel that their packets are framed for.
    package var channels: [Int: UInt8]
    /// Where the numbers of packets go on, for tracks of which some that were made were never sent.
    package var sequenceNumbers: [Int: UInt16]
    /// Nothing gets lost on the way: what is only sent against loss is left out.
    package var isReliable: Bool

    package init(
        position: Int64, end: Int64? = nil, scale: Double = 1, channels: [Int: UInt8],
        sequenceNumbers: [Int: UInt16] = [:], isReliable: Bool = false
    ) {
        self.position = position
        self.end = end
        self.scale = scale
        self.channels = channels
        self.sequenceNumbers = sequenceNumbers
        self.isReliable = isReliable
    }
}

/// What comes of a cue: what the answer to PLAY tells.
package struct PlayoutStart: Sendable, Hashable {
    /// Where a track's packets go on (RFC 2326 §12.33).
    package struct Track: Sendable, Hashable {
        package var index: Int
        /// Of its next packet.
        package var sequenceNumber: UInt16
        /// The RTP time of `position`.
        package var timestamp: UInt32
    }

    /// Where it begins to play, in microseconds: at the sync sample at or before what was asked for, or where it stopped.
    package var position: Int64
    /// Where it ends, in microseconds; 0 forwards where nobody knows.
    package var end: Int64
    package var scale: Double
    /// When the first packet is due, in microseconds of the movie; before `position` where pictures are decoded before they are shown.
    package var firstDue: Int64
    /// Those that are sent something: without sound at any other scale than 1.
    package var tracks: [Track]

    /// The RTP time of a moment of the movie, in microseconds, of a track with that clock.
    package func timestamp(of track: Track, clockRate: Int, at time: Int64) -> UInt32 {
        let elapsed = (Double(time &- position) / scale * Double(clockRate) / 1e6).rounded()
        return track.timestamp &+ UInt32(truncatingIfNeeded: Int64(exactly: elapsed) ?? 0)
    }
}
