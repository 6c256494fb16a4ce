import NIOCore
import RTSP
import RTSPTransport

/// When a camera that is gone is tried again.
package struct ReconnectSchedule: Sendable {
    /// A camera that was live this long is well again.
    private static let steadyAfter = TimeAmount.seconds(30)
    /// For a camera that has no session free (quirk F16), and for one that is the other half of a ring.
    private static let busyPause = TimeAmount.seconds(30)

    private let patience: PullPatience
    private var backoff = Backoff()
    private var refusals = 0
    /// A camera that was live gets one try at once.
    private var mayTryAtOnce = true

    /// A camera that was not tried yet.
    package init(patience: PullPatience = PullPatience()) {
        self.patience = patience
    }

    /// The credentials were refused just now, and not for the first time in a row.
    package private(set) var isLocked = false

    /// The pause before the next try; `random` is anything from 0 to 1.
    package mutating func pause(after error: PullError, livedFor: TimeAmount?, random: Double) -> TimeAmount {
        if let livedFor, livedFor >= Self.steadyAfter {
            backoff.reset()
            mayTryAtOnce = true
        }
        isLocked = false
        guard !error.isRefusedCredentials else {
            refusals += 1
            isLocked = refusals > 1
            let pause = refusals > 1 ? patience.locked : patience.refused
            return pause + spread(pause, random)
        }
        if livedFor != nil { refusals = 0 }
        if error.isBusy || error.isLoop { return Self.busyPause + spread(Self.busyPause, random) }
        if livedFor != nil, mayTryAtOnce {
            mayTryAtOnce = false
            return .zero
        }
        return backoff.next(random: random)
    }

    /// Up to a fifth more, so that cameras do not come in step.
    private func spread(_ pause: TimeAmount, _ random: Double) -> TimeAmount {
        .nanoseconds(Int64(Double(pause.nanoseconds) * min(max(random, 0), 1) / 5))
    }
}

extension PullError {
    /// Credentials that the camera does not take; a locked account is answered 403 by some (quirk B11).
    package var isRefusedCredentials: Bool {
        switch self {
        case .connection(.conversation(.unauthorized)): true
        case .connection(.conversation(.refused(_, let status))): status.code == 403
        default: false
        }
    }

    /// It is a relay, and what it has comes from here: somebody has to change a configuration.
    package var isLoop: Bool { self == .connection(.conversation(.loop)) }

    /// The camera is there, and has no room for us.
    package var isBusy: Bool {
        guard case .connection(.conversation(.refused(_, let status))) = self else { return false }
        return status.code == 453 || status.code == 503
    }
}
