import NIOCore
import RTSPTransport

/// When a push that is lost is tried again.
package struct PushSchedule: Sendable {
    /// A push that was live this long is well again.
    private static let steadyAfter = TimeAmount.seconds(30)
    /// Between the first refusal of the credentials and the second try.
    private static let refusedPause = TimeAmount.seconds(10)
    /// Between tries with credentials that were refused twice, for servers lock accounts; and where the stream would go round.
    private static let lockedPause = TimeAmount.seconds(60)

    private var backoff = Backoff()
    private var refusals = 0
    /// A push that was live gets one try at once.
    private var mayTryAtOnce = true

    /// A target that was not tried yet.
    package init() {}

    /// The credentials were refused just now, and not for the first time in a row.
    package private(set) var isLocked = false

    /// A push ended that sent packets for so long, by no fault of the server's.
    package mutating func ended(livedFor: TimeAmount?) {
        guard let livedFor else { return }
        refusals = 0
        if livedFor >= Self.steadyAfter {
            backoff.reset()
            mayTryAtOnce = true
        }
    }

    /// The pause before the next try, at most 15 s but for refused credentials and loops; `random` is anything from 0 to 1.
    /// `livedFor` is `nil` where nothing was ever sent.
    package mutating func pause(after error: PushError, livedFor: TimeAmount?, random: Double) -> TimeAmount {
        if let livedFor, livedFor >= Self.steadyAfter {
            backoff.reset()
            mayTryAtOnce = true
        }
        isLocked = false
        guard !error.isRefusedCredentials else {
            refusals += 1
            isLocked = refusals > 1
            return Self.spread(refusals > 1 ? Self.lockedPause : Self.refusedPause, random)
        }
        if error.isLoop { return Self.spread(Self.lockedPause, random) }
        if livedFor != nil {
            refusals = 0
            if mayTryAtOnce {
                mayTryAtOnce = false
                return .zero
            }
        }
        return backoff.next(random: random)
    }

    /// Up to a fifth more, so that cameras do not come in step.
    private static func spread(_ pause: TimeAmount, _ random: Double) -> TimeAmount {
        pause + .nanoseconds(Int64(Double(pause.nanoseconds) * min(max(random, 0), 1) / 5))
    }
}
