import NIOCore

/// What a camera has taught: kept from one demand to the next, so that viewers who come and go neither lock an account
/// (quirk B11) nor wait for UDP anew each time (quirk E13).
actor PullExperience {
    /// Between tries of a camera that does well enough to be asked for a new viewer.
    private static let longestWaitOfViewers = TimeAmount.seconds(1)

    /// A camera that sends a picture a minute is slow, one that sends fewer is taken for frozen.
    private static let longestStall = TimeAmount.seconds(90)

    private(set) var transport: TransportChoice
    /// How long a track that has to flow may be silent: doubled while the camera falls silent at once each time, for it may be one
    /// that sends few pictures, and back to what is usual once it has flowed for a while.
    private(set) var stall: TimeAmount
    private let usualStall: TimeAmount
    private var schedule: ReconnectSchedule
    private var nextTry = NIODeadline.uptimeNanoseconds(0)
    private var mayComeSooner = true

    init(transport: PullTransport, patience: PullPatience) {
        self.transport = TransportChoice(transport)
        schedule = ReconnectSchedule(patience: patience)
        stall = patience.stall
        usualStall = patience.stall
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
        learnRhythm(of: outcome)
        let pause = schedule.pause(
            after: outcome.error,
            livedFor: outcome.livedFor,
            random: Double.random(in: 0...1)
        )
        nextTry = now + pause
        mayComeSooner = !outcome.error.isRefusedCredentials && !outcome.error.isBusy && !outcome.error.isLoop
        return pause
    }

    private func learnRhythm(of outcome: PullOutcome) {
        guard let livedFor = outcome.livedFor else { return }
        if case .stalled = outcome.error, livedFor < stall * 3 {
            stall = min(stall * 2, Self.longestStall)
        } else if livedFor > stall * 10 {
            stall = usualStall
        }
    }
}
