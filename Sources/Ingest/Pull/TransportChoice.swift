import RTSP

/// Which of UDP and TCP a camera is asked for, learnt from what became of it (quirks E5, E13).
package struct TransportChoice: Sendable, Hashable {
    /// What the next connection is to ask for.
    package private(set) var current: TransportSpecification.LowerTransport
    private let policy: PullTransport
    /// Over UDP: the camera's group is asked for.
    package var isMulticast: Bool { policy == .multicast }
    private var hasSwitched = false

    /// The first choice of a policy.
    package init(_ policy: PullTransport) {
        self.policy = policy
        current = policy == .udp || policy == .multicast ? .udp : .tcp
    }

    /// The camera refused the current transport, or nothing came over it: whether the other one is to be tried now.
    /// The choice is kept for the next connections; where both failed it is the first one again.
    package mutating func failed() -> Bool {
        guard policy == .udp || policy == .auto else { return false }
        current = current == .udp ? .tcp : .udp
        defer { hasSwitched.toggle() }
        return !hasSwitched
    }

    /// The current transport works: should it ever fail, the other one is worth a try.
    package mutating func worked() {
        hasSwitched = false
    }
}
