import NIOCore

extension StreamCore {
    /// The subscribers of one event loop, as the home loop knows them.
    struct GroupHandle {
        let eventLoop: any EventLoop
        let group: NIOLoopBoundBox<SubscriberGroup>
        /// Counted on the home loop, from before a subscriber joins to after it has left.
        var members = 0
        /// Those of them that do not look away.
        var viewers = 0
    }

    /// One subscriber, as the home loop knows it.
    struct Member {
        let eventLoop: ObjectIdentifier
        let looksAway: Bool
    }
}
