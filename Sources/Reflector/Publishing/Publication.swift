import NIOCore
import RTP

/// A source's hold on a stream: the only gate into the Reflector. Confined to the stream's home loop.
///
/// It ends by `end()`, or when it is released; viewers stay attached and wait for the next source.
package final class Publication {
    /// What came in through this publication.
    package struct Statistics: Sendable, Hashable {
        package var packets: UInt64 = 0
        /// Payload bytes.
        package var bytes: UInt64 = 0
        /// Arrival of each track's newest packet; `nil` before its first.
        package var lastArrivals: [NIODeadline?]

        /// Counts a packet; `false` where the source has no such track.
        fileprivate mutating func count(_ payloadBytes: Int, track: Int, at arrival: NIODeadline) -> Bool {
            guard lastArrivals.indices.contains(track) else { return false }
            packets &+= 1
            bytes &+= UInt64(payloadBytes)
            lastArrivals[track] = arrival
            return true
        }
    }

    package private(set) var statistics: Statistics
    /// `nil` at the end, and while another one of several sources has the air.
    private var core: StreamCore?
    /// Where it is one of several sources.
    private var candidate: Candidate?

    init(core: StreamCore, trackCount: Int) {
        self.core = core
        statistics = Statistics(lastArrivals: Array(repeating: nil, count: trackCount))
    }

    init(candidate: Candidate, trackCount: Int) {
        self.candidate = candidate
        statistics = Statistics(lastArrivals: Array(repeating: nil, count: trackCount))
    }

    deinit {
        if let candidate { candidate.publicationEnded() } else { core?.publicationEnded() }
    }

    package var isEnded: Bool { core == nil && candidate == nil }

    /// A valid RTP packet of the source's track `track`, in order of its sequence numbers.
    package func receive(_ packet: RTPPacket, track: Int, at arrival: NIODeadline) {
        guard let core else { return waited(packet, track: track, at: arrival) }
        guard statistics.count(packet.payload.readableBytes, track: track, at: arrival) else { return }
        core.receive(packet, track: track, at: arrival)
    }

    /// Without the air a packet counts, and may be the one that takes it.
    private func waited(_ packet: RTPPacket, track: Int, at arrival: NIODeadline) {
        guard let candidate, statistics.count(packet.payload.readableBytes, track: track, at: arrival),
            let taken = candidate.received(packet, track: track, at: arrival)
        else { return }
        core = taken
        taken.receive(packet, track: track, at: arrival)
    }

    /// Another one of several sources has the air now.
    func lostAir() {
        core = nil
    }

    /// A sender report of the source's track `track`.
    package func receive(_ report: SenderReport, track: Int, at arrival: NIODeadline) {
        guard statistics.lastArrivals.indices.contains(track) else { return }
        core?.receive(report, track: track)
    }

    /// A picture has come in part, and somebody watches: what more there is to read goes out with it.
    package var awaitsRest: Bool { core?.awaitsRest ?? false }

    /// The read cycle is over: what came since the last one goes to the viewers as one burst.
    package func readEnded(at now: NIODeadline) {
        core?.readEnded(at: now)
    }

    /// Gives the stream back; idempotent.
    package func end() {
        let (ending, waiting) = (core, candidate)
        core = nil
        candidate = nil
        if let waiting { waiting.publicationEnded() } else { ending?.publicationEnded() }
    }

    /// Gives the stream back for good: what was sent is over, and so it is for its viewers. Whoever asks from now on waits for the
    /// next source.
    package func finish() {
        guard let ending = core else { return }
        core = nil
        ending.publicationFinished()
    }
}
