import Media
import NIOCore

/// Turns a stream's bursts into access units; a subscriber of the stream that looks at nothing on the loop and passes bursts on.
///
/// What is read from `events` is put together where it is read. It begins with the group of pictures that is under way, at the times of its own
/// (a viewer's start is drawn together).
package final class AccessUnitFeed: Sendable {
    package enum Event: Sendable {
        /// First, and again whenever the description changed: parameter sets learnt or changed in band come as new descriptions.
        case tracks([StreamTrack])
        /// In decoding order of each track, tracks mixed as they arrived.
        case units([AccessUnit])
        /// The timeline was broken, or units were lost because the reader was too slow or packets were missing, or the source is gone: what
        /// follows begins at a random access point of the video. Of a source that is gone it is told at once.
        case discontinuity
        /// The stream is over for this feed: it was closed, or its source came back as something else.
        case ended(reason: String)
    }

    /// For one reader. Bounded: one that is too slow loses whole groups and gets `.discontinuity`. Ends behind `.ended`, and with the feed.
    package let events: AsyncStream<Event>
    private let leave: @Sendable () -> Void

    /// Subscribes, and so wakes a camera on demand and keeps it; ends with `end()` or when released. `snapshot` is what the stream was
    /// described with: one that has other tracks by now is over at once.
    package init(_ stream: Stream, knowing snapshot: StreamSnapshot) {
        let queue = BurstQueue()
        let loop = stream.homeLoop
        let subscribed = NIOLoopBoundBox<FeedSubscriber?>.makeEmptyBox(valueType: FeedSubscriber.self, eventLoop: loop)
        leave = {
            queue.close()
            loop.execute {
                subscribed.value?.leave()
                subscribed.value = nil
            }
        }
        let reading = AccessUnitReading(queue, tracks: snapshot.tracks)
        events = AsyncStream(unfolding: { await reading.next() }, onCancel: leave)
        loop.execute {
            let subscriber = FeedSubscriber(queue)
            subscribed.value = subscriber
            stream.subscribe(subscriber, knowing: snapshot.tracks, on: loop)
        }
    }

    deinit {
        leave()
    }

    /// Gives the subscription back; nothing more is read. Idempotent.
    package func end() {
        leave()
    }
}

/// The feed as its stream knows it: on the stream's loop.
private final class FeedSubscriber: Subscriber {
    private let queue: BurstQueue
    private var subscription: Subscription?

    init(_ queue: BurstQueue) {
        self.queue = queue
    }

    var keepsTimes: Bool { true }
    /// A segment has any number of viewers, a still picture none.
    var isViewer: Bool { false }

    func subscribed(_ subscription: Subscription, start: StreamStart?) {
        self.subscription = subscription
        if let start { queue.begin(start) }
    }

    func receive(_ burst: Burst, variants: BurstVariants) {
        queue.put(burst)
    }

    func sourceLost() {
        queue.sourceLost()
    }

    func streamEnded() {
        queue.end(reason: "the stream is over, or its source came back as something else")
        leave()
    }

    func leave() {
        subscription?.end()
        subscription = nil
    }
}

/// The reader's side of a feed.
private actor AccessUnitReading {
    private let queue: BurstQueue
    private var assembler: AccessUnitAssembler
    private var waiting: CircularBuffer<AccessUnitFeed.Event>
    private var isOver = false

    init(_ queue: BurstQueue, tracks: [StreamTrack]) {
        self.queue = queue
        assembler = AccessUnitAssembler(tracks)
        waiting = [.tracks(tracks)]
    }

    func next() async -> AccessUnitFeed.Event? {
        while waiting.isEmpty {
            guard !isOver, let items = await queue.take() else { return nil }
            for item in items { take(item) }
        }
        return waiting.popFirst()
    }

    private func take(_ item: BurstQueue.Item) {
        switch item {
        case .start(let start): waiting.append(contentsOf: assembler.begin(start))
        case .burst(let burst): waiting.append(contentsOf: assembler.receive(burst))
        case .gap: assembler.interrupted()
        case .sourceLost: waiting.append(contentsOf: assembler.sourceLost())
        case .ended(let reason):
            waiting.append(.ended(reason: reason))
            isOver = true
            queue.close()
        }
    }
}
