import NIOCore

/// What viewers are granted.
package struct PlayConfiguration: Sendable, Equatable {
    /// The time-out of a session a viewer is told; whole seconds, at least one.
    package var sessionTimeout: TimeAmount
    /// What a session is granted beyond, for players that send their keep-alive just in time (quirk M6).
    package var sessionGrace: TimeAmount
    /// Sessions on one connection at a time; one more is answered 503.
    package var sessionsPerConnection: Int
    /// How long after the end of a movie BYE is said to a player that mostly needs none, and seeks back in vain for some seconds after
    /// it: long enough to decide to see it again.
    package var lateGoodbye: TimeAmount

    package init(
        sessionTimeout: TimeAmount = .seconds(60),
        sessionGrace: TimeAmount = .seconds(5),
        sessionsPerConnection: Int = 16,
        lateGoodbye: TimeAmount = .seconds(10)
    ) {
        self.sessionTimeout = sessionTimeout
        self.sessionGrace = sessionGrace
        self.sessionsPerConnection = sessionsPerConnection
        self.lateGoodbye = lateGoodbye
    }

    /// The time-out as a Session header says it, in seconds.
    var toldTimeout: Int { Int(max(1, sessionTimeout.nanoseconds / 1_000_000_000)) }

    /// How long a viewer may give no sign of life.
    var silence: TimeAmount { sessionTimeout + sessionGrace }
}
