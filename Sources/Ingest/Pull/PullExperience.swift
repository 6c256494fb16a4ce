import NIOCore

/// What a camera has taught: kept from one demand to the next, so that viewers who come and go neither lock an account
/// (quirk B11) nor wait for UDP anew each time (quirk E13).
actor PullExperience {
    /// Between tries of a camera that does well enough to be asked for a new viewer.
    private static let longestWaitOfViewers = TimeAmount.seconds(1)

    private(set) var transport: TransportChoice
    private var schedule: ReconnectSchedule
    private var nextTry = NIODeadline.uptimeNanoseconds(0)
    private var mayComeSooner = true

    init(transport: PullTransport, patience: PullPatience) {
        self.transport = TransportChoice(transport)
        schedule = ReconnectSchedule(patience: patience)
    }

    /// Whether credentials were refused more than once in a row.
    var isLocked: Bool { schedule.isLocked }

    /// Somebody wants the camera who did not before: one that was merely gone is tried soon.
    func wanted(at now: NIODeadline) {
        if mayComeSooner { nextTry = min(nextTry, now + Self.longestWaitOfViewers) }
    }

    /// What is left of the pause.
    func rest(at now: NIODeadline) -> TimeAmount {
        max(.zero, nextTry - now)
    }

    /// A pull ended because nobody wants it any more.
    func released(_ outcome: PullOutcome) {
        transport = outcome.transport
    }

    /// A pull ended by itself; the pause before the next.
    func ended(_ outcome: PullOutcome, at now: NIODeadline) -> TimeAmount {
        transport = outcome.transport
        let pause = schedule.pause(
            after: outcome.error,
            livedFor: outcome.livedFor,
            random: Double.random(in: 0...1)
        )
        nextTry = now + pause
        mayComeSooner = !outcome.error.isRefusedCredentials && !outcome.error.isBusy
        return pause
    }
}
