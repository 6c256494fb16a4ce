import NIOCore

// PAUSE, TEARDOWN, silence and the other ends of a session.
extension PlaySessionStateMachine {
    package enum PauseResult: Sendable, Hashable {
        /// Stop the packets; the session and its transports stay.
        case pause
        /// Nothing flows: answer 200 and leave it so.
        case answer
        case refuse(SessionRefusal)
    }

    /// PAUSE: the next PLAY goes on at the live edge.
    package mutating func pauseReceived(_ scope: SessionScope) -> PauseResult {
        switch consume self.state {
        case .initial(let viewing):
            self = Self(.initial(viewing))
            return .refuse(.methodNotValid(allow: Self.allowedInitially))
        case .ready(let viewing):
            self = Self(.ready(viewing))
            return scope.refusal(among: viewing.transports, allow: Self.allowedInitially).map { .refuse($0) } ?? .answer
        case .preparing(let viewing):
            self = Self(.preparing(viewing))
            return .refuse(.methodNotValid(allow: Self.allowedWhilePreparing))
        case .answering(let viewing):
            if let refusal = scope.refusal(among: viewing.transports, allow: Self.allowedWhilePlaying) {
                self = Self(.answering(viewing))
                return .refuse(refusal)
            }
            self = Self(.ready(viewing))
            return .pause
        case .playing(let viewing):
            if let refusal = scope.refusal(among: viewing.transports, allow: Self.allowedWhilePlaying) {
                self = Self(.playing(viewing))
                return .refuse(refusal)
            }
            self = Self(.ready(viewing))
            return .pause
        case .ended:
            self = Self(.ended)
            return .refuse(.sessionNotFound)
        }
    }

    /// Why a PAUSE would be refused; `nil` where it would not.
    func pauseRefusal(_ scope: SessionScope) -> SessionRefusal? {
        switch state {
        case .initial: .methodNotValid(allow: Self.allowedInitially)
        case .ready(let viewing): scope.refusal(among: viewing.transports, allow: Self.allowedInitially)
        case .preparing: .methodNotValid(allow: Self.allowedWhilePreparing)
        case .answering(let viewing): scope.refusal(among: viewing.transports, allow: Self.allowedWhilePlaying)
        case .playing(let viewing): scope.refusal(among: viewing.transports, allow: Self.allowedWhilePlaying)
        case .ended: .sessionNotFound
        }
    }

    package enum TeardownResult: Sendable, Hashable {
        /// Free everything; the session is over.
        case end
        /// This track leaves a session that goes on with the others.
        case release(track: Int)
        case refuse(SessionRefusal)
    }

    /// TEARDOWN of the session, or of one of its tracks while nothing flows.
    package mutating func teardownReceived(_ scope: SessionScope) -> TeardownResult {
        switch consume self.state {
        case .initial:
            self = Self(.ended)
            return .end
        case .ready(var viewing):
            let result = viewing.tearDown(scope)
            self = result == .end ? Self(.ended) : Self(.ready(viewing))
            return result
        case .preparing(let viewing):
            if let refusal = scope.refusal(among: viewing.transports, allow: Self.allowedWhilePreparing) {
                self = Self(.preparing(viewing))
                return .refuse(refusal)
            }
            self = Self(.ended)
            return .end
        case .answering(let viewing):
            if let refusal = scope.refusal(among: viewing.transports, allow: Self.allowedWhilePlaying) {
                self = Self(.answering(viewing))
                return .refuse(refusal)
            }
            self = Self(.ended)
            return .end
        case .playing(let viewing):
            if let refusal = scope.refusal(among: viewing.transports, allow: Self.allowedWhilePlaying) {
                self = Self(.playing(viewing))
                return .refuse(refusal)
            }
            self = Self(.ended)
            return .end
        case .ended:
            self = Self(.ended)
            return .refuse(.sessionNotFound)
        }
    }

    // MARK: Signs of life, and the end without a word

    /// A request of the session or a report of the viewer came (ONVIF Streaming §5.2.2.2).
    package mutating func activityNoted(at now: NIODeadline) {
        switch consume self.state {
        case .initial(let viewing): self = Self(.initial(viewing.alive(at: now)))
        case .ready(let viewing): self = Self(.ready(viewing.alive(at: now)))
        case .preparing(let viewing): self = Self(.preparing(viewing.alive(at: now)))
        case .answering(let viewing): self = Self(.answering(viewing.alive(at: now)))
        case .playing(let viewing): self = Self(.playing(viewing.alive(at: now)))
        case .ended: self = Self(.ended)
        }
    }

    package enum GoodbyeResult: Sendable, Hashable {
        /// The viewer took leave of every track: free everything.
        case end
        /// Other tracks go on, or the session has ended.
        case nothing
    }

    /// RTCP BYE of the viewer for one track (RFC 3550 §6.6).
    package mutating func goodbyeReceived(track: Int) -> GoodbyeResult {
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
            self = Self(.answering(viewing))
            return .nothing
        case .playing(var viewing):
            guard viewing.transports[track] != nil else {
                self = Self(.playing(viewing))
                return .nothing
            }
            viewing.departed.insert(track)
            guard viewing.departed.count == viewing.transports.count else {
                self = Self(.playing(viewing))
                return .nothing
            }
            self = Self(.ended)
            return .end
        case .ended:
            self = Self(.ended)
            return .nothing
        }
    }

    package enum TimeOutResult: Sendable, Hashable {
        /// Look again then.
        case wait(until: NIODeadline)
        /// Free everything.
        case end
        /// The session has ended before.
        case nothing
    }

    /// The timer rang; only silence of the whole timeout ends the session (RFC 2326 §12.37).
    ///
    /// `connectionDrains` is whether the viewer takes what is sent over its RTSP connection: one that plays
    /// interleaved and does needs no keep-alive, for its connection is the sign of life.
    package mutating func timedOut(at now: NIODeadline, connectionDrains: Bool) -> TimeOutResult {
        if connectionDrains { connectionDrained(at: now) }
        guard let deadline else { return .nothing }
        guard now >= deadline else { return .wait(until: deadline) }
        self = Self(.ended)
        return .end
    }

    private mutating func connectionDrained(at now: NIODeadline) {
        switch consume self.state {
        case .initial(let viewing): self = Self(.initial(viewing))
        case .ready(let viewing): self = Self(.ready(viewing))
        case .preparing(let viewing): self = Self(.preparing(viewing))
        case .answering(let viewing): self = Self(.answering(viewing))
        case .playing(let viewing): self = Self(.playing(viewing.isInterleaved ? viewing.alive(at: now) : viewing))
        case .ended: self = Self(.ended)
        }
    }

    /// When silence will have lasted too long; `nil` after the end.
    private var deadline: NIODeadline? {
        switch state {
        case .initial(let viewing): viewing.deadline
        case .ready(let viewing): viewing.deadline
        case .preparing(let viewing): viewing.deadline
        case .answering(let viewing): viewing.deadline
        case .playing(let viewing): viewing.deadline
        case .ended: nil
        }
    }

    package enum EndResult: Sendable, Hashable {
        /// Free everything.
        case end
        /// That was done before.
        case nothing
    }

    /// The viewer's connection is gone, and with it every session that was made on it.
    package mutating func connectionClosed() -> EndResult {
        end()
    }

    /// The stream was removed, or came back as something else; the viewer is told by BYE.
    package mutating func streamEnded() -> EndResult {
        end()
    }

    private mutating func end() -> EndResult {
        let result = deadline == nil ? EndResult.nothing : .end
        self = Self(.ended)
        return result
    }
}

extension PlaySessionStateMachine.Viewing {
    fileprivate func alive(at now: NIODeadline) -> Self {
        var viewing = self
        viewing.latestActivity = max(latestActivity, now)
        return viewing
    }

    fileprivate var deadline: NIODeadline { latestActivity + timeout }

    fileprivate var isInterleaved: Bool { transports.values.contains(where: \.isInterleaved) }

    /// TEARDOWN while nothing flows.
    fileprivate mutating func tearDown(_ scope: SessionScope) -> PlaySessionStateMachine.TeardownResult {
        switch scope {
        case .track(let track) where transports[track] == nil:
            return .refuse(.methodNotValid(allow: PlaySessionStateMachine.allowedInitially))
        case .track(let track) where transports.count > 1:
            transports[track] = nil
            return .release(track: track)
        case .aggregate, .track:
            return .end
        }
    }
}
