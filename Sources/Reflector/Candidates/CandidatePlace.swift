import Media
import NIOCore

/// What one of several sources may do with a key frame.
package enum CandidatePermission: Sendable, Hashable {
    /// Nothing: another one has the air, or nobody wants the stream.
    case none
    /// Take the air from a source that flows, so there is time to wait for a key frame worth it.
    case relieve
    /// Take the air, which nobody has, or one that is silent.
    case rescue
}

/// What became of one of several sources.
package enum CandidateChange: Sendable, Hashable {
    /// It has the air: viewers see it.
    case tookAir
    /// Its publication is over, whether it had the air or not.
    case ended
    /// It was tried, in vain or until it was lost, and will be again.
    case failed
}

/// A place for one of several sources of a stream. All may publish at the same time; one has the air, the others' packets are
/// looked at and dropped.
///
/// Any thread may hold it; all but the constants and `finish` is for the home loop.
package final class CandidatePlace: PublishingPlace {
    package let path: StreamPath
    package let relay: RelayIdentity
    package let homeLoop: any EventLoop
    package let demand: AsyncStream<Bool>
    private let wanted: AsyncStream<Bool>.Continuation
    private let candidate: NIOLoopBound<Candidate>

    fileprivate init(of stream: Stream, air: StreamAir) {
        path = stream.path
        relay = stream.relay
        homeLoop = stream.homeLoop
        (demand, wanted) = AsyncStream<Bool>.makeStream(bufferingPolicy: .bufferingNewest(1))
        candidate = NIOLoopBound(Candidate(air), eventLoop: stream.homeLoop)
    }

    package func publish(
        tracks: [TrackDescription], by source: String, via: RelayChain
    ) throws(StreamError) -> Publication {
        try candidate.value.publish(tracks, by: source, via: via)
    }

    /// Says nothing of the stream, which another source may feed at any moment: who must not have it learns that when this one does.
    package func sourceIsAsked(through relays: RelayChain) {}

    package func tryFailed() {
        candidate.value.changed?(.failed)
    }

    package func isDown(because reason: String) {
        candidate.value.isDown(because: reason)
    }

    /// Asks for the source, or sends it away; said once, however often it is asked.
    package func want(_ isWanted: Bool) {
        guard candidate.value.isWanted != isWanted else { return }
        candidate.value.isWanted = isWanted
        wanted.yield(isWanted)
    }

    /// The stream is over; the source has nothing to wait for.
    package func finish() {
        wanted.finish()
    }

    /// What its key frames may do.
    package var permission: CandidatePermission {
        get { candidate.value.permission }
        set { candidate.value.permission = newValue }
    }

    /// Told at once, and synchronously, of what becomes of the source.
    package func onChange(_ told: @escaping (CandidateChange) -> Void) {
        candidate.value.changed = told
    }

    /// Whether it has the air.
    package var hasAir: Bool { candidate.value.hasAir }

    /// Arrival of the newest packet of the leading track; `nil` while nothing is published, or nothing came.
    package var lastArrival: NIODeadline? { candidate.value.lastArrival }

    /// A key frame came since it was published; where its codec has none that is understood, any packet.
    package var hasShownStart: Bool { candidate.value.hasShownStart }
}

extension Stream {
    /// Places for so many sources, in place of publishing to the stream itself; on the home loop only.
    package func candidates(_ count: Int) -> [CandidatePlace] {
        let air = StreamAir(core.value)
        return (0..<count).map { _ in CandidatePlace(of: self, air: air) }
    }
}
