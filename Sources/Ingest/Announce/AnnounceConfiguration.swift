import NIOCore

/// A path that is open to publishers, who ANNOUNCE and RECORD to it.
package struct AnnounceConfiguration: Sendable, Equatable {
    /// A second publisher takes the place of the first; otherwise it is refused while the first is alive.
    package var takeover: Bool
    /// A publisher whose video, audio or everything is silent for so long is given up.
    package var timeout: TimeAmount
    /// Where a whole prefix is open: paths below it that there may be at a time.
    package var mostStreams: Int
    /// Where a whole prefix is open: how long a path stays after its publisher and its viewers have gone.
    package var linger: TimeAmount

    /// One publisher at a time, given up after 10 s; a hundred paths below a prefix.
    package init(
        takeover: Bool = false,
        timeout: TimeAmount = .seconds(10),
        mostStreams: Int = 100,
        linger: TimeAmount = .seconds(30)
    ) {
        self.takeover = takeover
        self.timeout = timeout
        self.mostStreams = mostStreams
        self.linger = linger
    }

    /// How long a viewer's DESCRIBE waits for a publisher, whom nobody can wake: as long as one takes that is just coming back.
    package static let startTimeout = TimeAmount.seconds(2)
}
