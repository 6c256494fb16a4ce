import NIOCore
import Reflector

/// Keeps a stream wanted for as long as it is to be pushed, and knows when there is something to push.
///
/// It is a viewer that looks away: a source on demand stays while the server is tried again, whatever its linger. Confined to the
/// stream's home loop.
final class PushInterest: Subscriber {
    let looksAway = true
    private let stream: Stream
    private var subscription: Subscription?
    private var isSubscribing = false
    /// The stream has shown a picture to begin with, so that its description is complete too.
    private var hasGroup = false
    private var waiting: EventLoopPromise<Bool>?
    private var isOver = false

    init(_ stream: Stream) {
        self.stream = stream
    }

    /// `true` with the next burst that comes; `false` where the stream changed or is over, and after `end`. One who waits at a time.
    func flows() -> EventLoopFuture<Bool> {
        stopWaiting()
        guard !isOver else { return stream.homeLoop.makeSucceededFuture(false) }
        let promise = stream.homeLoop.makePromise(of: Bool.self)
        waiting = promise
        if subscription == nil, !isSubscribing {
            isSubscribing = true
            stream.subscribe(self, on: stream.homeLoop)
        }
        return promise.futureResult
    }

    private func stopWaiting() {
        waiting?.succeed(false)
        waiting = nil
    }

    /// Nobody wants the push any more.
    func end() {
        isOver = true
        stopWaiting()
        subscription?.end()
        subscription = nil
    }

    func subscribed(_ subscription: Subscription, start: StreamStart?) {
        isSubscribing = false
        guard !isOver else { return subscription.end() }
        self.subscription = subscription
        if start != nil { hasGroup = true }
    }

    func receive(_ burst: Burst, variants: BurstVariants) {
        guard let waiting else { return }
        if burst.startsGroup { hasGroup = true }
        guard hasGroup else { return }
        self.waiting = nil
        waiting.succeed(true)
    }

    func streamEnded() {
        isSubscribing = false
        subscription = nil
        hasGroup = false
        stopWaiting()
    }
}
