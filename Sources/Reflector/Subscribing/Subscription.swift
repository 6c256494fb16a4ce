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

    /// No burst comes after this; idempotent.
    package func end() {
        guard let parts else { return }
        self.parts = nil
        parts.group.value.remove(id: parts.id)
        parts.homeLoop.execute { parts.core.value.unsubscribed(parts.id) }
    }
}
