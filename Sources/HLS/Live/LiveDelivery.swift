import NIOCore

/// What becomes of each fragment for one viewer: one whose socket does not take them loses the rest of the group, and goes on with the next
/// that begins when the socket is empty.
struct LiveDelivery: Sendable {
    enum Verdict: Sendable, Hashable {
        case send
        /// The opening goes in front.
        case open
        case skip
        /// The first of several that are left out.
        case lose
    }

    private enum State {
        /// For a group to begin with. To flowing.
        case awaiting
        /// Something has waited for the socket all the time since then. To skipping.
        case flowing(lateSince: NIODeadline?)
        /// To flowing.
        case skipping
    }

    /// Bytes that wait for the socket.
    private static let mostBytes = 16 * 1024 * 1024
    /// How long a viewer may be behind: longer is not live.
    private static let patience = TimeAmount.seconds(3)

    private var state = State.awaiting
    private var owesOpening = true

    /// It was given the whole group that is under way.
    mutating func began() {
        state = .flowing(lateSince: nil)
        owesOpening = false
    }

    /// What follows needs another opening.
    mutating func openingChanged() {
        owesOpening = true
    }

    /// `backlog` are the bytes sent that the socket has not taken; 0 where they are too few to matter.
    mutating func fragmentCame(startsGroup: Bool, backlog: Int, at now: NIODeadline) -> Verdict {
        switch state {
        case .awaiting:
            guard startsGroup else { return .skip }
            return flow(nil)
        case .flowing(let since):
            guard startsGroup || !owesOpening else { return .skip }
            guard backlog > 0 else { return flow(nil) }
            let since = since ?? now
            guard backlog <= Self.mostBytes, now - since <= Self.patience else {
                state = .skipping
                return .lose
            }
            return flow(since)
        case .skipping:
            guard startsGroup, backlog == 0 else { return .skip }
            return flow(nil)
        }
    }

    private mutating func flow(_ lateSince: NIODeadline?) -> Verdict {
        state = .flowing(lateSince: lateSince)
        defer { owesOpening = false }
        return owesOpening ? .open : .send
    }
}
