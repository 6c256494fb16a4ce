import NIOCore

/// A subscriber's hold on a stream; ends by `end()` or when it is released, on the subscriber's loop.
package final class Subscription {
    struct Parts: Sendable {
        let id: Int
        let group: NIOLoopBoundBox<SubscriberGroup>
        let core: NIOLoopBound<StreamCore>
        let homeLoop: any EventLoop
    }

    private var parts: Parts?

    init(_ parts: Parts) {
        self.parts = parts
    }

    deinit {
        end()
    }

    /// What carries bursts to the subscribers of this stream and loop; `make` is called for the first that asks.
    /// `nil` when the subscription has ended.
    package func carrier<Carrier: BurstCarrier>(_ make: () -> Carrier) -> Carrier? {
        parts?.group.value.carrier(make)
    }

    /// A carrier brings the bursts from now on: the subscriber is not called for the next one. Not to be called from within `carry`.
    package func handOver() {
        guard let parts else { return }
        parts.group.value.handOver(id: parts.id)
    }

    /// The subscriber is called again, from the next burst on.
    package func takeBack() {
        guard let parts else { return }
        parts.group.value.takeBack(id: parts.id)
    }

    /// When the stream's report of a track went out to this loop; `nil` for one that is unknown or long past.
    package func reportSent(_ middle32: UInt32, of track: Int) -> NIODeadline? {
        parts?.group.value.sentReports.sent(middle32, of: track)
    }

    /// No burst comes after this; idempotent.
    package func end() {
        guard let parts else { return }
        self.parts = nil
        parts.group.value.remove(id: parts.id)
        parts.homeLoop.execute { parts.core.value.unsubscribed(parts.id) }
    }
}
