import Media
import NIOCore
import Reflector

/// A stream that is fed by whoever publishes to its path, one at a time; any thread may hold it.
package final class PublishedStream: Sendable {
    package let stream: Stream
    package let configuration: AnnounceConfiguration
    /// Who feeds it now; on the home loop.
    private let holder: NIOLoopBoundBox<PublisherReception?>

    /// `stream` has no other source.
    package init(_ stream: Stream, configuration: AnnounceConfiguration) {
        self.stream = stream
        self.configuration = configuration
        holder = .makeEmptyBox(valueType: PublisherReception.self, eventLoop: stream.homeLoop)
    }

    /// Whether a publisher that comes now would be refused; completes on the home loop.
    func isTaken() -> EventLoopFuture<Bool> {
        guard !configuration.takeover else { return stream.homeLoop.makeSucceededFuture(false) }
        return stream.homeLoop.submit { [holder] in holder.value != nil }
    }

    /// Gives the stream to a publisher; one that has it already has to go, or is in the way: `.alreadyPublished`.
    func take(
        by reception: PublisherReception, tracks: [TrackDescription], via: RelayChain
    ) throws(StreamError) -> Publication {
        if configuration.takeover { holder.value?.end(.takenOver) }
        let publication = try stream.publish(tracks: tracks, by: "publisher", via: via)
        holder.value = reception
        return publication
    }

    /// The publisher has ended its publication.
    func left(by reception: PublisherReception) {
        if holder.value === reception { holder.value = nil }
    }
}
