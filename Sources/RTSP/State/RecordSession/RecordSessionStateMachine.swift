import NIOCore

/// One publisher's session, from its ANNOUNCE to its end (RFC 2326 §10.3, §10.11, Appendix A.2).
///
/// It holds which tracks come how, what may be asked when, and how long silence may last before anything flows. It knows
/// neither socket nor stream: what it decides, the session around it does.
package struct RecordSessionStateMachine: ~Copyable {
    enum State: ~Copyable {
        /// The tracks are known, none is set up. Goes to `ready` or `ended`.
        case announced(Publishing)
        /// At least one track is set up, nothing is taken. Goes to `starting`, `announced` or `ended`.
        case ready(Publishing)
        /// RECORD waits for the stream; some publishers send already. Goes to `recording`, back to `ready` where the
        /// stream is not to be had, or `ended`.
        case starting(Publishing)
        /// Packets flow. Goes back to `ready` by PAUSE, or `ended`.
        case recording(Publishing)
        /// Final.
        case ended
    }

    /// What a session that has not ended knows of its publisher.
    struct Publishing {
        /// Tracks of the session description that can be set up.
        let trackCount: Int
        /// How each track comes, by its index.
        var transports: [Int: RecordTransport] = [:]
        var latestActivity: NIODeadline
        let timeout: TimeAmount
    }

    var state: State

    init(_ state: consuming State) {
        self.state = state
    }

    /// A session of so many tracks, which ends once `timeout` has passed without a request while nothing flows.
    package init(trackCount: Int, timeout: TimeAmount, at now: NIODeadline) {
        self.init(.announced(Publishing(trackCount: trackCount, latestActivity: now, timeout: timeout)))
    }

    /// How each track set up comes, by its index; empty before the first SETUP and after the end.
    package var transports: [Int: RecordTransport] {
        switch state {
        case .announced: [:]
        case .ready(let publishing): publishing.transports
        case .starting(let publishing): publishing.transports
        case .recording(let publishing): publishing.transports
        case .ended: [:]
        }
    }

    /// Tracks that can be set up; 0 after the end.
    package var trackCount: Int {
        switch state {
        case .announced(let publishing): publishing.trackCount
        case .ready(let publishing): publishing.trackCount
        case .starting(let publishing): publishing.trackCount
        case .recording(let publishing): publishing.trackCount
        case .ended: 0
        }
    }

    /// Whether packets are taken now.
    package var takesPackets: Bool {
        switch state {
        case .starting: true
        case .recording: true
        case .announced: false
        case .ready: false
        case .ended: false
        }
    }

    // MARK: ANNOUNCE

    package enum AnnounceResult: Sendable, Hashable {
        /// The session is over; the new description makes another one.
        case replace
        case refuse(SessionRefusal)
    }

    /// Another ANNOUNCE on the same connection: welcome until packets flow.
    package mutating func announceReceived() -> AnnounceResult {
        switch consume self.state {
        case .announced:
            self = Self(.ended)
            return .replace
        case .ready:
            self = Self(.ended)
            return .replace
        case .starting(let publishing):
            self = Self(.starting(publishing))
            return .refuse(.methodNotValid(allow: Self.allowedWhileRecording))
        case .recording(let publishing):
            self = Self(.recording(publishing))
            return .refuse(.methodNotValid(allow: Self.allowedWhileRecording))
        case .ended:
            self = Self(.ended)
            return .replace
        }
    }

    // MARK: SETUP

    package enum SetupResult: Sendable, Hashable {
        /// The track comes this way from now on, also where it was set up another way before.
        case accept(RecordTransport)
        /// 404: the description has no such track.
        case noSuchTrack
        case refuse(SessionRefusal)
    }

    /// SETUP of one track: the first, further ones, and second thoughts; all before anything flows.
    package mutating func setupReceived(track: Int, alternatives: [TransportSpecification]) -> SetupResult {
        switch consume self.state {
        case .announced(var publishing):
            let result = publishing.setUp(track, among: alternatives)
            self = Self(publishing.transports.isEmpty ? .announced(publishing) : .ready(publishing))
            return result
        case .ready(var publishing):
            let result = publishing.setUp(track, among: alternatives)
            self = Self(.ready(publishing))
            return result
        case .starting(let publishing):
            self = Self(.starting(publishing))
            return .refuse(.methodNotValid(allow: Self.allowedWhileRecording))
        case .recording(let publishing):
            self = Self(.recording(publishing))
            return .refuse(.methodNotValid(allow: Self.allowedWhileRecording))
        case .ended:
            self = Self(.ended)
            return .refuse(.sessionNotFound)
        }
    }

    /// There were no ports for a track that was accepted: it is not set up.
    package mutating func setupFailed(track: Int) {
        switch consume self.state {
        case .announced(let publishing): self = Self(.announced(publishing))
        case .ready(var publishing):
            publishing.transports[track] = nil
            self = Self(publishing.transports.isEmpty ? .announced(publishing) : .ready(publishing))
        case .starting(let publishing): self = Self(.starting(publishing))
        case .recording(let publishing): self = Self(.recording(publishing))
        case .ended: self = Self(.ended)
        }
    }

    // MARK: RECORD

    package enum RecordResult: Sendable, Hashable {
        /// Take the stream for these tracks, then tell `recordPrepared` or `recordFailed`.
        case prepare([Int: RecordTransport])
        /// Packets flow already: answer 200 and let them.
        case answerAgain
        case refuse(SessionRefusal)
    }

    /// RECORD, or PLAY as publishers of old have it: only after SETUP. A range has no meaning for what is live.
    package mutating func recordReceived(_ scope: SessionScope) -> RecordResult {
        switch consume self.state {
        case .announced(let publishing):
            self = Self(.announced(publishing))
            return .refuse(.methodNotValid(allow: Self.allowedInitially))
        case .ready(let publishing):
            if let refusal = scope.refusal(among: publishing.transports, allow: Self.allowedWhenReady) {
                self = Self(.ready(publishing))
                return .refuse(refusal)
            }
            self = Self(.starting(publishing))
            return .prepare(publishing.transports)
        case .starting(let publishing):
            self = Self(.starting(publishing))
            return .refuse(.methodNotValid(allow: Self.allowedWhileRecording))
        case .recording(let publishing):
            self = Self(.recording(publishing))
            let refusal = scope.refusal(among: publishing.transports, allow: Self.allowedWhileRecording)
            return refusal.map { .refuse($0) } ?? .answerAgain
        case .ended:
            self = Self(.ended)
            return .refuse(.sessionNotFound)
        }
    }

    package enum RecordPreparedResult: Sendable, Hashable {
        /// The stream takes the packets: answer 200.
        case answer
        /// The session ended meanwhile.
        case discard
    }

    /// The stream is ours.
    package mutating func recordPrepared() -> RecordPreparedResult {
        switch consume self.state {
        case .starting(let publishing):
            self = Self(.recording(publishing))
            return .answer
        case .announced(let publishing):
            self = Self(.announced(publishing))
            return .discard
        case .ready(let publishing):
            self = Self(.ready(publishing))
            return .discard
        case .recording(let publishing):
            self = Self(.recording(publishing))
            return .answer
        case .ended:
            self = Self(.ended)
            return .discard
        }
    }

    /// The stream has another publisher, or is closed.
    package mutating func recordFailed() {
        switch consume self.state {
        case .announced(let publishing): self = Self(.announced(publishing))
        case .ready(let publishing): self = Self(.ready(publishing))
        case .starting(let publishing): self = Self(.ready(publishing))
        case .recording(let publishing): self = Self(.recording(publishing))
        case .ended: self = Self(.ended)
        }
    }
}

extension RecordSessionStateMachine.Publishing {
    fileprivate mutating func setUp(
        _ track: Int,
        among alternatives: [TransportSpecification]
    ) -> RecordSessionStateMachine.SetupResult {
        guard (0..<trackCount).contains(track) else { return .noSuchTrack }
        do {
            let others = transports.filter { $0.key != track }.values
            let transport = try RecordTransport(firstOf: alternatives, besides: others)
            transports[track] = transport
            return .accept(transport)
        } catch {
            return .refuse(error)
        }
    }
}

extension RecordSessionStateMachine {
    /// What may be asked where nothing is set up yet.
    package static let allowedInitially: [RTSPMethod] = [
        .options, .announce, .setup, .getParameter, .setParameter, .teardown,
    ]

    static let allowedWhenReady: [RTSPMethod] = allowedInitially + [.record]

    static let allowedWhileRecording: [RTSPMethod] = [
        .options, .record, .pause, .getParameter, .setParameter, .teardown,
    ]
}
