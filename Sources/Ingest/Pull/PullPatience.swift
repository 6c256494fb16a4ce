import NIOCore

/// How long a pull waits for what; as made, what cameras and operators are known to need.
package struct PullPatience: Sendable, Hashable {
    /// For a connection to stand, before the next camera in line may begin to connect.
    package var connect = TimeAmount.seconds(1)
    /// For a packet of a track that has to flow: a frozen picture is noticed within this.
    package var stall = TimeAmount.seconds(6)
    /// For the first packet over UDP (quirk E13).
    package var silence = TimeAmount.seconds(3)
    /// Before the first receiver report over UDP.
    package var firstReport = TimeAmount.seconds(1)
    /// Between receiver reports: some cameras end a session without one for longer (quirk F7).
    package var reports = TimeAmount.seconds(5)
    /// Between the first refusal of the credentials and the second try.
    package var refused = TimeAmount.seconds(10)
    /// Between tries with credentials that were refused twice: cameras lock accounts (quirk B11).
    package var locked = TimeAmount.seconds(60)

    /// The built-in times.
    package init() {}
}
