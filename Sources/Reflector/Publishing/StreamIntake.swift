import Media
import NIOCore
import RTP

/// The way of a packet into a stream, up to the burst that it joins.
///
/// One value that calls nobody: a packet costs its owner one access, and what is to go out is fetched from `builder` when that is over.
struct StreamIntake {
    var tracks: [OutgoingTrack] = []
    var builder = BurstBuilder()
    /// Closed while a source that came back has sent no key frame.
    var gate: ResumptionGate?
    var timeline = StreamTimeline()
    /// Stream time to wall clock, in nanoseconds. It stands while anybody watches: a viewer places what comes by it, and an outage of
    /// the camera must not become a hole in the recording.
    var unixEpochOffset: Double?

    /// Takes a packet of the source's track `track`; `true` where a group began, and the bursts before it are `finished`.
    mutating func receive(_ packet: RTPPacket, track: Int, at arrival: NIODeadline, clock: StreamClock) -> Bool {
        if gate != nil {
            guard gate?.opens(for: packet, track: track, at: arrival) == true else { return false }
            gate = nil
        }
        let time = timeline.time(at: arrival)
        if unixEpochOffset == nil { unixEpochOffset = clock.unixNanoseconds(at: arrival) - time * 1e9 }
        tracks[track].receive(packet, time: time, at: arrival, into: &builder)
        return !builder.finished.isEmpty
    }

    /// A source of these tracks begins. `false` where they go on with the numbers of the last one, `true` where they are new.
    mutating func sourceBegan(
        _ descriptions: [TrackDescription], policy: StreamPolicy, random: () -> UInt32
    ) -> Bool {
        timeline.sourceBegan()
        guard tracks.map(\.description).isCompatible(with: descriptions) else {
            tracks = OutgoingTrack.tracks(of: descriptions, policy: policy, random: random)
            return true
        }
        for (index, description) in descriptions.enumerated() { tracks[index].sourceBegan(description) }
        gate = ResumptionGate(descriptions)
        return false
    }

    /// The source is away; what it left unfinished is forgotten.
    mutating func sourceEnded() {
        gate = nil
        timeline.sourceEnded()
        for index in tracks.indices { tracks[index].sourceEnded() }
    }

    /// A track has begun that no sender report has told of yet.
    var awaitsFirstReport: Bool { tracks.indices.contains { tracks[$0].awaitsFirstReport } }
}
