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
    /// A source has begun, and none of its packets was placed on the wall clock.
    private var awaitsWallClock = true
    /// What the wall clock is off by before it is followed, in nanoseconds: no more than anybody sees in a date.
    private static let wallClockTolerance = 100_000_000.0
    /// What goes out, for people.
    var rates = StreamRates()
    /// The track that makes the groups.
    private var leader = 0

    /// Takes a packet of the source's track `track`; `true` where a group began, and the bursts before it are `finished`.
    mutating func receive(_ packet: RTPPacket, track: Int, at arrival: NIODeadline, clock: StreamClock) -> Bool {
        if gate != nil {
            guard gate?.opens(for: packet, track: track, at: arrival) == true else { return false }
            gate = nil
        }
        let time = timeline.time(at: arrival)
        if awaitsWallClock {
            awaitsWallClock = false
            followWallClock(clock, tolerance: 0)
        }
        tracks[track].receive(packet, time: time, at: arrival, into: &builder)
        return !builder.finished.isEmpty
    }

    /// The wall clock was set while the source sends.
    mutating func followWallClock(_ clock: StreamClock) {
        followWallClock(clock, tolerance: Self.wallClockTolerance)
    }

    /// What is told to viewers stands; by how much it is behind goes with each burst, for who wants to know when a picture was taken.
    private mutating func followWallClock(_ clock: StreamClock, tolerance: Double) {
        let offset = clock.unixNanoseconds(at: timeline.lastArrival) - timeline.lastTime * 1e9
        let told = unixEpochOffset ?? offset
        unixEpochOffset = told
        let lag = min(max(offset - told, -9e18), 9e18)
        if abs(lag - Double(builder.reportLag)) >= tolerance { builder.reportLag = Int64(lag) }
    }

    /// A source of these tracks begins. `false` where they go on with the numbers of the last one, `true` where they are new.
    mutating func sourceBegan(
        _ descriptions: [TrackDescription], policy: StreamPolicy, random: () -> UInt32
    ) -> Bool {
        timeline.sourceBegan()
        awaitsWallClock = true
        rates.restart()
        guard tracks.map(\.description).isCompatible(with: descriptions) else {
            tracks = OutgoingTrack.tracks(of: descriptions, policy: policy, random: random)
            leader = tracks.firstIndex { $0.leads } ?? 0
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

    mutating func burstSent(at time: NIODeadline) {
        guard tracks.indices.contains(leader) else { return }
        if rates.burstSent(at: time, frames: tracks[leader].frameCount) { rates.mark(counts, at: time) }
    }

    /// What has gone out since the stream began.
    var counts: StreamRates.Counts {
        StreamRates.Counts(octets: octets, frames: tracks.indices.contains(leader) ? tracks[leader].frameCount : 0)
    }

    private var octets: UInt32 { tracks.reduce(0) { $0 &+ $1.octetCount } }
}
