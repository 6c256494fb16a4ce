/// Someone who gets the bursts of a stream: a play session, a segmenter, a push to another server.
///
/// Confined to one event loop; every call comes on it. `receive` is the hot path: no allocation, no lock, no log.
package protocol Subscriber: AnyObject {
    /// The subscription stands: the next burst `received` goes on right where `start` ends.
    /// `start` is `nil` while there is no random access point to begin with.
    func subscribed(_ subscription: Subscription, start: StreamStart?)
    /// `variants` hold the other forms of the same burst, made once for all subscribers of this loop.
    func receive(_ burst: Burst, variants: BurstVariants)
    /// The source is gone; what comes next is of another, or of the same that came back, and begins a group.
    func sourceLost()
    /// The stream is over for this subscriber: it was closed, or its source came back as something else.
    func streamEnded()
    /// It wants the stream, and does not watch it: nothing is done in haste for its sake. Always the same.
    var looksAway: Bool { get }
    /// It is one who watches; those for whom others watch count these themselves. Always the same.
    var isViewer: Bool { get }
    /// It begins with the group as it was sent, at the times of its own, and not drawn together. Always the same.
    var keepsTimes: Bool { get }
}

extension Subscriber {
    package func sourceLost() {}
    package var looksAway: Bool { false }
    package var isViewer: Bool { !looksAway }
    package var keepsTimes: Bool { false }
}

/// Told once after each burst went to every subscriber of a loop: where sends were only queued, they are flushed now.
package protocol BurstDeliveryObserver: AnyObject {
    func burstDelivered()
}

/// What a subscriber says of itself, for where it cannot be asked.
struct SubscriberManner: Sendable {
    let looksAway: Bool
    let isViewer: Bool
    let keepsTimes: Bool

    init(_ subscriber: any Subscriber) {
        looksAway = subscriber.looksAway
        isViewer = subscriber.isViewer
        keepsTimes = subscriber.keepsTimes
    }
}
