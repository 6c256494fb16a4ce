import NIOCore

// PAUSE, TEARDOWN, silence and the other ends of a session.
extension RecordSessionStateMachine {
    package enum PauseResult: Sendable, Hashable {
        /// Give the stream back; the session and its transports stay.
        case pause
        /// Nothing flows: answer 200 and leave it so.
        case answer
        case refuse(SessionRefusal)
    }

    /// PAUSE: the next RECORD goes on where this one stopped.
    package mutating func pauseReceived(_ scope: SessionScope, at now: NIODeadline) -> PauseResult {
        switch consume self.state {
        case .announced(let publishing):
            self = Self(.announced(publishing))
            return .refuse(.methodNotValid(allow: Self.allowedInitially))
        case .ready(let publishing):
            self = Self(.ready(publishing))
            return scope.refusal(among: publishing.transports, allow: Self.allowedWhenReady).map { .refuse($0) }
                ?? .answer
        case .starting(let publishing):
            self = Self(.starting(publishing))
            return .refuse(.methodNotValid(allow: Self.allowedWhileRecording))
        case .recording(let publishing):
            if let refusal = scope.refusal(among: publishing.transports, allow: Self.allowedWhileRecording) {
                self = Self(.recording(publishing))
                return .refuse(refusal)
            }
            // Packets were its signs of life so far.
            self = Self(.ready(publishing.alive(at: now)))
            return .pause
        case .ended:
            self = Self(.ended)
            return .refuse(.sessionNotFound)
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
        case .announced:
            self = Self(.ended)
            return .end
        case .ready(var publishing):
            let result = publishing.tearDown(scope)
            self = result == .end ? Self(.ended) : Self(.ready(publishing))
            return result
        case .starting(let publishing):
            if let refusal = scope.refusal(among: publishing.transports, allow: Self.allowedWhileRecording) {
                self = Self(.starting(publishing))
                return .refuse(refusal)
            }
            self = Self(.ended)
            return .end
        case .recording(let publishing):
            if let refusal = scope.refusal(among: publishing.transports, allow: Self.allowedWhileRecording) {
                self = Self(.recording(publishing))
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

    /// A request of the session came.
    package mutating func activityNoted(at now: NIODeadline) {
        switch consume self.state {
        case .announced(let publishing): self = Self(.announced(publishing.alive(at: now)))
        case .ready(let publishing): self = Self(.ready(publishing.alive(at: now)))
        case .starting(let publishing): self = Self(.starting(publishing.alive(at: now)))
        case .recording(let publishing): self = Self(.recording(publishing.alive(at: now)))
        case .ended: self = Self(.ended)
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

    /// The timer rang. Who records lives by its packets alone: ffmpeg asks nothing while it sends over UDP (quirk M7).
    package mutating func timedOut(at now: NIODeadline) -> TimeOutResult {
        switch consume self.state {
        case .announced(let publishing):
            if now < publishing.deadline {
                self = Self(.announced(publishing))
                return .wait(until: publishing.deadline)
            }
            self = Self(.ended)
            return .end
        case .ready(let publishing):
            if now < publishing.deadline {
                self = Self(.ready(publishing))
                return .wait(until: publishing.deadline)
            }
            self = Self(.ended)
            return .end
        case .starting(let publishing):
            self = Self(.starting(publishing))
            return .wait(until: now + publishing.timeout)
        case .recording(let publishing):
            self = Self(.recording(publishing))
            return .wait(until: now + publishing.timeout)
        case .ended:
            self = Self(.ended)
            return .nothing
        }
    }

    package enum EndResult: Sendable, Hashable {
        /// Free everything.
        case end
        /// That was done before.
        case nothing
    }

    /// The publisher's connection is gone, and its session with it.
    package mutating func connectionClosed() -> EndResult {
        end()
    }

    /// Nothing comes any more, the publisher said goodbye, another one took over, or the server stops.
    package mutating func sourceEnded() -> EndResult {
        end()
    }

    private mutating func end() -> EndResult {
        let result: EndResult =
            switch state {
            case .announced: .end
            case .ready: .end
            case .starting: .end
            case .recording: .end
            case .ended: .nothing
            }
        self = Self(.ended)
        return result
    }
}

extension RecordSessionStateMachine.Publishing {
    fileprivate func alive(at now: NIODeadline) -> Self {
        var publishing = self
        publishing.latestActivity = max(latestActivity, now)
        return publishing
    }

    fileprivate var deadline: NIODeadline { latestActivity + timeout }

    /// TEARDOWN while nothing flows.
    fileprivate mutating func tearDown(_ scope: SessionScope) -> RecordSessionStateMachine.TeardownResult {
        switch scope {
        case .track(let track) where transports[track] == nil:
            return .refuse(.methodNotValid(allow: RecordSessionStateMachine.allowedWhenReady))
        case .track(let track) where transports.count > 1:
            transports[track] = nil
            return .release(track: track)
        case .aggregate, .track:
            return .end
        }
    }
}
