import Media
import NIOCore
import Reflector

/// One session's hold on the group of its stream, and its part in what is sent there (confined to the viewer's loop).
///
/// Whoever has one calls `release()` in the end.
final class MulticastClaim {
    /// Where the stream is sent while anybody plays.
    let group: SocketAddress
    /// The stream is over; on the viewer's loop.
    var onStreamEnd: (() -> Void)?
    private let groups: MulticastGroups
    private let stream: Stream
    private let viewer: Int
    private let eventLoop: any EventLoop
    private var isReleased = false
    private var chain: ChainWatch?

    init(on group: SocketAddress, of stream: Stream, in groups: MulticastGroups, viewer: Int, eventLoop: any EventLoop)
    {
        self.group = group
        self.stream = stream
        self.groups = groups
        self.viewer = viewer
        self.eventLoop = eventLoop
    }

    /// Has the stream sent, and tells where the tracks `played` begin; `known` are all of the stream, as the viewer was told, and
    /// `via` the way that it comes, if the viewer is a relay.
    func play(
        _ played: Set<Int>, knowing known: [StreamTrack], via: RelayChain?
    ) -> EventLoopFuture<PlayStart> {
        if let via, chain == nil {
            chain = ChainWatch(of: stream, knowing: known, via: via, on: eventLoop) { [weak self] in
                self?.streamEnded()
            }
        }
        let claim = NIOLoopBound(self, eventLoop: eventLoop)
        return stream.homeLoop.flatSubmit { [groups, stream, group, viewer] in
            guard let sender = groups.sender(of: stream, knowing: known, to: group) else {
                // Behind the answer.
                stream.homeLoop.execute { claim.tellStreamEnded() }
                return stream.homeLoop.makeFailedFuture(StreamError.closed(stream.path))
            }
            return sender.play(viewer, claim: claim, tracks: played)
        }.hop(to: eventLoop)
    }

    /// The response to PLAY is on its way.
    func begin() {
        stream.homeLoop.execute { [groups, stream] in groups.sender(of: stream)?.playAnswered() }
    }

    /// Until it plays again it may come another way: then the claim looks anew whether it is the one that the viewer was told.
    func pause() {
        chain?.end()
        chain = nil
        stream.homeLoop.execute { [groups, stream, viewer] in groups.sender(of: stream)?.pause(viewer) }
    }

    /// Final; idempotent.
    func release() {
        guard !isReleased else { return }
        isReleased = true
        chain?.end()
        chain = nil
        onStreamEnd = nil
        stream.homeLoop.execute { [groups, stream, viewer] in
            groups.sender(of: stream)?.leave(viewer)
            groups.released(stream)
        }
    }

    fileprivate func streamEnded() {
        onStreamEnd?()
    }

}

extension NIOLoopBound<MulticastClaim> {
    /// Comes on the viewer's loop, from whichever it is told.
    func tellStreamEnded() {
        eventLoop.execute { self.value.streamEnded() }
    }
}
