import Media
import NIOCore

/// Where a source brings what it has: a stream of its own, or a place among several sources of one stream.
package protocol PublishingPlace: Sendable {
    /// Of the stream.
    var path: StreamPath { get }
    /// The name of this relay, which a source is told.
    var relay: RelayIdentity { get }
    /// Where the source's sockets are to be read.
    var homeLoop: any EventLoop { get }
    /// `true`: the source is wanted now; `false`: not any more. One consumer; ends with the stream.
    var demand: AsyncStream<Bool> { get }

    /// Takes the source on; on the home loop only. `source` names it in log lines.
    ///
    /// `via` are the relays that it has come through. Throws `.alreadyPublished`, `.unusableTracks`, `.closed`.
    func publish(tracks: [TrackDescription], by source: String, via: RelayChain) throws(StreamError) -> Publication

    /// The source that is being asked for is known to be a relay, or to come through some; on the home loop only.
    func sourceIsAsked(through relays: RelayChain)

    /// The source could not be had, or was lost, and is tried again later; on the home loop only.
    func tryFailed()

    /// The source is not there, for a reason in words without URLs and passwords: for people who ask. On the home loop only.
    func isDown(because reason: String)
}

extension PublishingPlace {
    /// Takes on a source that comes through no relay.
    package func publish(tracks: [TrackDescription], by source: String) throws(StreamError) -> Publication {
        try publish(tracks: tracks, by: source, via: .direct)
    }
}

extension Stream: PublishingPlace {
    /// There is no other source that could be tried.
    package func tryFailed() {}
}
