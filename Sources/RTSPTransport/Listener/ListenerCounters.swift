import NIOConcurrencyHelpers

/// What a listener has seen since it started; all but `open` only grow.
package struct ListenerCounters: Sendable, Equatable {
    /// Connections taken from the kernel, the refused ones too.
    package var accepted = 0
    /// Connections open now.
    package var open = 0
    /// Closed at once: one address had too many.
    package var refusedByAddress = 0
    /// Closed at once: all addresses together had too many.
    package var refusedByTotal = 0
    /// Complete requests.
    package var requests = 0
    /// Answered 400, 413, 414 or 431 and closed, because the bytes could not be read on.
    package var malformed = 0
    /// HTTP on the RTSP port that asked for no tunnel, or for one in a way that cannot be.
    package var foreignProtocol = 0
    /// HTTP tunnels opened, by their GET.
    package var tunnels = 0
    /// WebSockets opened.
    package var webSockets = 0
    /// Halves of HTTP tunnels refused: the cookie was taken, or too many waited.
    package var tunnelsRefused = 0
    /// Halves of HTTP tunnels that ended before the other one came.
    package var tunnelsUnpaired = 0
    /// Closed because a request was not complete in time.
    package var slowRequests = 0
    /// Closed because nothing was asked and no session was there.
    package var idle = 0
    /// Closed because too much was asked without a session.
    package var tooManyRequests = 0
    /// TLS that did not come about: broken off, refused by the viewer, or not done in time.
    package var failedHandshakes = 0
    /// `accept(2)` failed, mostly because the process ran out of file descriptors.
    package var acceptErrors = 0

    /// All zero.
    package init() {}
}

/// The listener's counters, counted up from all loops.
package final class ListenerTally: Sendable {
    private let counters = NIOLockedValueBox(ListenerCounters())

    /// All zero.
    package init() {}

    /// What was counted so far.
    package var snapshot: ListenerCounters { counters.withLockedValue { $0 } }

    /// Counts `step` more of one kind.
    package func count(_ counter: WritableKeyPath<ListenerCounters, Int>, by step: Int = 1) {
        counters.withLockedValue { $0[keyPath: counter] &+= step }
    }
}
