import NIOCore

/// One viewer's session with a live stream, from its first SETUP to its end (RFC 2326 Appendix A.2).
///
/// It holds which tracks travel how, what may be asked when, and how long silence may last. It knows neither socket
/// nor stream: what it decides, the play session around it does.
package struct PlaySessionStateMachine: ~Copyable {
    enum State: ~Copyable {
        /// No track is set up. Goes to `ready` or `ended`.
        case initial(Viewing)
        /// At least one track is set up, nothing flows. Goes to `preparing` or `ended`.
        case ready(Viewing)
        /// PLAY waits for the stream. Goes to `answering`, back to `ready` when the stream does not come, or `ended`.
        case preparing(Viewing)
        /// The first packets are known; the response to PLAY is on its way and must stay ahead of them. Goes to
        /// `playing`, back to `ready` by PAUSE, or `ended`.
        case answering(Viewing)
        /// Packets flow. Goes back to `ready` by PAUSE, or `ended`.
        case playing(Viewing)
        /// Final.
        case ended
    }

    /// What a session that has not ended knows of its viewer.
    struct Viewing {
        /// How each track travels, by its index.
        var transports: [Int: PlayTransport] = [:]
        /// The tracks the viewer took leave of by RTCP BYE.
        var departed: Set<Int> = []
        var latestActivity: NIODeadline
        let timeout: TimeAmount
    }

    var state: State

    init(_ state: consuming State) {
        self.state = state
    }

    /// A session that ends once `timeout` has passed without a sign of life.
    package init(timeout: TimeAmount, at now: NIODeadline) {
        self.init(.initial(Viewing(latestActivity: now, timeout: timeout)))
    }

    /// How each track set up travels, by its index; empty before the first SETUP and after the end.
    package var transports: [Int: PlayTransport] {
        switch state {
        case .initial: [:]
        case .ready(let viewing): viewing.transports
        case .preparing(let viewing): viewing.transports
        case .answering(let viewing): viewing.transports
        case .playing(let viewing): viewing.transports
        case .ended: [:]
        }
    }

    // MARK: SETUP

    package enum SetupResult: Sendable, Hashable {
        /// The track travels this way from now on, also where it was set up another way before.
        case accept(PlayTransport)
        case refuse(SessionRefusal)
    }

    /// SETUP of one track: the first, further ones, and second thoughts; all before anything plays.
    package mutating func setupReceived(
        track: Int,
        alternatives: [TransportSpecification],
        paths: PlayTransportPaths
    ) -> SetupResult {
        switch consume self.state {
        case .initial(var viewing):
            let result = viewing.setUp(track, among: alternatives, over: paths)
            self = Self(viewing.transports.isEmpty ? .initial(viewing) : .ready(viewing))
            return result
        case .ready(var viewing):
            let result = viewing.setUp(track, among: alternatives, over: paths)
            self = Self(.ready(viewing))
            return result
        case .preparing(let viewing):
            self = Self(.preparing(viewing))
            return .refuse(.methodNotValid(allow: Self.allowedWhilePreparing))
        case .answering(let viewing):
            self = Self(.answering(viewing))
            return .refuse(.methodNotValid(allow: Self.allowedWhilePlaying))
        case .playing(let viewing):
            self = Self(.playing(viewing))
            return .refuse(.methodNotValid(allow: Self.allowedWhilePlaying))
        case .ended:
            self = Self(.ended)
            return .refuse(.sessionNotFound)
        }
    }

    // MARK: PLAY

    package enum PlayResult: Sendable, Hashable {
        /// Ask the stream for its first packets over these transports, then tell `playPrepared` or `playFailed`.
        case prepare([Int: PlayTransport])
        /// It plays already: answer 200 and let it (quirk M13).
        case answerAgain
        case refuse(SessionRefusal)
    }

    /// PLAY: starts at the live edge, whatever position was asked for, as long as the range makes sense.
    package mutating func playReceived(_ scope: SessionScope, range: PlayRange) -> PlayResult {
        switch consume self.state {
        case .initial(let viewing):
            self = Self(.initial(viewing))
            return .refuse(.methodNotValid(allow: Self.allowedInitially))
        case .ready(let viewing):
            if let refusal = scope.refusal(among: viewing.transports, allow: Self.allowedInitially) ?? range.refusal {
                self = Self(.ready(viewing))
                return .refuse(refusal)
            }
            self = Self(.preparing(viewing))
            return .prepare(viewing.transports)
        case .preparing(let viewing):
            self = Self(.preparing(viewing))
            return .refuse(.methodNotValid(allow: Self.allowedWhilePreparing))
        case .answering(let viewing):
            self = Self(.answering(viewing))
            return viewing.playAgain(scope, range: range)
        case .playing(let viewing):
            self = Self(.playing(viewing))
            return viewing.playAgain(scope, range: range)
        case .ended:
            self = Self(.ended)
            return .refuse(.sessionNotFound)
        }
    }

    package enum PlayPreparedResult: Sendable, Hashable {
        /// Send the response, and tell `playAnswered` once its bytes are in the channel.
        case answer
        /// The session ended while the stream was asked: nothing to send, the response is 454.
        case discard
    }

    /// The stream told its first packets.
    package mutating func playPrepared() -> PlayPreparedResult {
        switch consume self.state {
        case .initial(let viewing):
            self = Self(.initial(viewing))
            return .discard
        case .ready(let viewing):
            self = Self(.ready(viewing))
            return .discard
        case .preparing(let viewing):
            self = Self(.answering(viewing))
            return .answer
        case .answering(let viewing):
            self = Self(.answering(viewing))
            return .discard
        case .playing(let viewing):
            self = Self(.playing(viewing))
            return .discard
        case .ended:
            self = Self(.ended)
            return .discard
        }
    }

    /// The stream has nothing to give: the session waits for another PLAY.
    package mutating func playFailed() {
        switch consume self.state {
        case .initial(let viewing): self = Self(.initial(viewing))
        case .ready(let viewing): self = Self(.ready(viewing))
        case .preparing(let viewing): self = Self(.ready(viewing))
        case .answering(let viewing): self = Self(.answering(viewing))
        case .playing(let viewing): self = Self(.playing(viewing))
        case .ended: self = Self(.ended)
        }
    }

    package enum PlayAnsweredResult: Sendable, Hashable {
        /// Let the packets flow.
        case begin
        /// Something else happened in between.
        case nothing
    }

    /// The response to PLAY stands in the channel, so no packet can overtake it any more (quirk F10).
    package mutating func playAnswered() -> PlayAnsweredResult {
        switch consume self.state {
        case .initial(let viewing):
            self = Self(.initial(viewing))
            return .nothing
        case .ready(let viewing):
            self = Self(.ready(viewing))
            return .nothing
        case .preparing(let viewing):
            self = Self(.preparing(viewing))
            return .nothing
        case .answering(let viewing):
            self = Self(.playing(viewing))
            return .begin
        case .playing(let viewing):
            self = Self(.playing(viewing))
            return .nothing
        case .ended:
            self = Self(.ended)
            return .nothing
        }
    }
}

extension PlaySessionStateMachine.Viewing {
    fileprivate mutating func setUp(
        _ track: Int,
        among alternatives: [TransportSpecification],
        over paths: PlayTransportPaths
    ) -> PlaySessionStateMachine.SetupResult {
        do {
            let others = transports.filter { $0.key != track }.values
            let transport = try PlayTransport(firstOf: alternatives, over: paths, besides: others)
            transports[track] = transport
            return .accept(transport)
        } catch {
            return .refuse(error)
        }
    }

    fileprivate func playAgain(
        _ scope: SessionScope,
        range: PlayRange
    ) -> PlaySessionStateMachine.PlayResult {
        let refusal =
            scope.refusal(among: transports, allow: PlaySessionStateMachine.allowedWhilePlaying) ?? range.refusal
        return refusal.map { .refuse($0) } ?? .answerAgain
    }
}

extension PlaySessionStateMachine {
    /// What needs no session, and what makes one.
    package static let allowedInitially: [RTSPMethod] = [.options, .describe, .setup, .getParameter, .setParameter]

    static let allowedWhilePreparing: [RTSPMethod] = [.options, .describe, .getParameter, .setParameter, .teardown]

    static let allowedWhilePlaying: [RTSPMethod] = allowedWhilePreparing + [.play, .pause]
}
