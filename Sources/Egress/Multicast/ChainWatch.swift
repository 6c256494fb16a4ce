import Media
import NIOCore
import Reflector

/// Tells when a stream no longer comes the way that another relay was told, who takes it from a group (confined to the viewer's loop).
///
/// The group's sender serves everybody and does not know who passes the stream on; this subscriber looks away from the packets.
final class ChainWatch: Subscriber {
    let looksAway = true
    private var onEnd: (() -> Void)?
    private var subscription: Subscription?

    /// `via` is what the viewer was told; `onEnd` is called once at most.
    init(
        of stream: Stream, knowing tracks: [StreamTrack], via: RelayChain, on eventLoop: any EventLoop,
        onEnd: @escaping () -> Void
    ) {
        self.onEnd = onEnd
        stream.subscribe(self, knowing: tracks, via: via, on: eventLoop)
    }

    func subscribed(_ subscription: Subscription, start: StreamStart?) {
        guard onEnd != nil else { return subscription.end() }
        self.subscription = subscription
    }

    func receive(_ burst: Burst, variants: BurstVariants) {}

    func streamEnded() {
        let onEnd = self.onEnd
        end()
        onEnd?()
    }

    /// Idempotent.
    func end() {
        onEnd = nil
        subscription?.end()
        subscription = nil
    }
}
