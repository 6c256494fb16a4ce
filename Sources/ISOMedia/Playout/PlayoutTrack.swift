/// One track of a playout: where its reader stands, and what the next packet's header says.
struct PlayoutTrack: Sendable {
    let clockRate: Int
    let isVideo: Bool
    /// RTP time when the session began.
    let timestampBase: UInt32
    var packets: any TrackPackets
    var heading: PacketHeading
    /// The sample that is sent next; `nil` where the track is not played, or played out.
    private(set) var next: Int?
    /// When that is to be sent, in microseconds.
    private(set) var due: Int64 = 0

    init(_ track: MovieProgram.Track, ssrc: UInt32, sequenceNumber: UInt16, timestamp: UInt32) {
        clockRate = track.clockRate
        isVideo = track.isVideo
        timestampBase = timestamp
        packets = track.packets
        heading = PacketHeading(channel: 0, ssrc: ssrc, sequenceNumber: sequenceNumber, timestampOrigin: timestamp)
    }

    /// Sound that begins up to so long before the movie is what its decoder needs to begin with: encoders put 20 to 80 ms there.
    private static let preroll: Int64 = 250_000

    /// Goes on with `sample`; `nil` and samples there are not end the track.
    mutating func move(to sample: Int?) {
        guard let sample, sample >= 0, sample < packets.sampleCount else {
            next = nil
            return
        }
        next = sample
        due = packets.dueTime(ofSample: sample)
    }

    /// The sample that a track begins with where the movie begins to play at `position`, in microseconds.
    ///
    /// Sound begins with the first sample from there on, so that nothing of it is older than the time that the answer to PLAY tells.
    func firstSample(at position: Int64, isLeading: Bool) -> Int {
        let sync = packets.syncSample(for: position)
        guard !isVideo else { return sync }
        guard position > 0 else { return packets.presentationTime(ofSample: 0) >= -Self.preroll ? 0 : sync }
        guard !isLeading, packets.presentationTime(ofSample: sync) < position, sync + 1 < packets.sampleCount,
            packets.isSync(sync + 1)
        else { return sync }
        return sync + 1
    }

    /// RTP time stands at `elapsed`, in microseconds since the session began, where the movie is at `position`.
    mutating func anchor(position: Int64, elapsed: Int64, scale: Double) {
        let units = (Double(elapsed) * Double(clockRate) / 1e6).rounded()
        heading.mediaOrigin = packets.rtpTime(at: position)
        heading.timestampOrigin = timestampBase &+ UInt32(truncatingIfNeeded: Int64(exactly: units) ?? 0)
        heading.scale = scale
    }

    /// The RTP time of a moment of the movie, in microseconds.
    func timestamp(at position: Int64) -> UInt32 {
        heading.timestamp(at: packets.rtpTime(at: position))
    }
}
