/// Whether a stream is sent to its group: from the first viewer's PLAY until the last one stops.
///
/// Viewers are numbers; one that pauses stays until it leaves. It knows neither socket nor stream: what it decides, the
/// `MulticastSender` around it does.
struct MulticastSenderStateMachine {
    private enum State {
        /// Nothing is sent. Goes to `preparing` or `ended`.
        case silent(Audience)
        /// The stream is asked where it begins. Goes to `prepared`, back to `silent` when it does not come or nobody wants it any more,
        /// or `ended`.
        case preparing(Audience)
        /// That is known, and no viewer has its answer yet. Goes to `sending`, back to `silent`, or `ended`.
        case prepared(Audience, PlayStart)
        /// Packets flow. Goes back to `silent` when the last viewer pauses, or `ended`.
        case sending(Audience)
        /// Final.
        case ended
    }

    fileprivate struct Audience {
        /// Who plays, or has asked to.
        var playing: Set<Int> = []
        /// Who will play again.
        var paused: Set<Int> = []
    }

    private var state: State = .silent(Audience())

    /// Nothing is sent, nor asked for.
    var isSilent: Bool { if case .silent = state { true } else { false } }

    /// Viewers wait for the stream.
    var isPreparing: Bool { if case .preparing = state { true } else { false } }

    /// Packets flow.
    var isSending: Bool { if case .sending = state { true } else { false } }

    var isEnded: Bool { if case .ended = state { true } else { false } }

    enum PlayResult: Hashable {
        /// Ask the stream, then tell `prepared` or `failed`; the viewer waits.
        case prepare
        /// The stream is being asked: the viewer waits with the others.
        case wait
        case answer(PlayStart)
        /// Packets flow: the viewer begins with the next ones.
        case joinRunning
        /// The stream is over.
        case refuse
    }

    /// A viewer asks to play.
    mutating func playReceived(from viewer: Int) -> PlayResult {
        switch state {
        case .silent(var audience):
            audience.play(viewer)
            state = .preparing(audience)
            return .prepare
        case .preparing(var audience):
            audience.play(viewer)
            state = .preparing(audience)
            return .wait
        case .prepared(var audience, let start):
            audience.play(viewer)
            state = .prepared(audience, start)
            return .answer(start)
        case .sending(var audience):
            audience.play(viewer)
            state = .sending(audience)
            return .joinRunning
        case .ended:
            return .refuse
        }
    }

    enum PreparedResult: Hashable {
        /// Tell those who wait.
        case answer
        /// Nobody waits any more.
        case nothing
    }

    /// The stream told its first packets.
    mutating func prepared(_ start: PlayStart) -> PreparedResult {
        switch state {
        case .silent: return .nothing
        case .preparing(let audience):
            state = .prepared(audience, start)
            return .answer
        case .prepared, .sending, .ended: return .nothing
        }
    }

    enum FailedResult: Hashable {
        /// Tell those who wait; they may ask again.
        case refuse
        /// Nobody waits any more.
        case nothing
    }

    /// The stream, or the sockets, did not come.
    mutating func failed() -> FailedResult {
        switch state {
        case .silent: return .nothing
        case .preparing(var audience):
            audience.paused.formUnion(audience.playing)
            audience.playing = []
            state = .silent(audience)
            return .refuse
        case .prepared, .sending, .ended: return .nothing
        }
    }

    enum AnsweredResult: Hashable {
        /// The first viewer has its answer: let the packets flow.
        case begin
        /// They flow already, or do not any more.
        case nothing
    }

    /// The response to a viewer's PLAY is on its way.
    mutating func playAnswered() -> AnsweredResult {
        switch state {
        case .silent, .preparing: return .nothing
        case .prepared(let audience, _):
            state = .sending(audience)
            return .begin
        case .sending, .ended: return .nothing
        }
    }

    enum StopResult: Hashable {
        /// Others play, or nobody did.
        case nothing
        /// The last one has paused: send nothing, and keep the sockets.
        case pause
        /// The last one has left: say goodbye to whoever listens, and close the sockets.
        case end
    }

    /// A viewer pauses, and may play again.
    mutating func pauseReceived(from viewer: Int) -> StopResult {
        stopped { $0.pause(viewer) }
    }

    /// A viewer's session is over.
    mutating func left(_ viewer: Int) -> StopResult {
        stopped { $0.leave(viewer) }
    }

    enum EndResult: Hashable {
        /// Tell every viewer.
        case end(viewers: Set<Int>)
        /// That was done before.
        case nothing
    }

    /// The stream was closed, or came back as something else.
    mutating func streamEnded() -> EndResult {
        switch state {
        case .silent(let audience), .preparing(let audience), .prepared(let audience, _), .sending(let audience):
            state = .ended
            return .end(viewers: audience.playing.union(audience.paused))
        case .ended: return .nothing
        }
    }

    private mutating func stopped(_ change: (inout Audience) -> Void) -> StopResult {
        switch state {
        case .silent(var audience):
            change(&audience)
            state = audience.isEmpty ? .ended : .silent(audience)
            return audience.isEmpty ? .end : .nothing
        case .preparing(var audience):
            change(&audience)
            return stopped(audience, otherwise: .preparing(audience))
        case .prepared(var audience, let start):
            change(&audience)
            return stopped(audience, otherwise: .prepared(audience, start))
        case .sending(var audience):
            change(&audience)
            return stopped(audience, otherwise: .sending(audience))
        case .ended:
            return .nothing
        }
    }

    private mutating func stopped(_ audience: Audience, otherwise next: State) -> StopResult {
        if audience.isEmpty {
            state = .ended
            return .end
        }
        guard audience.playing.isEmpty else {
            state = next
            return .nothing
        }
        state = .silent(audience)
        return .pause
    }
}

extension MulticastSenderStateMachine.Audience {
    fileprivate var isEmpty: Bool { playing.isEmpty && paused.isEmpty }

    fileprivate mutating func play(_ viewer: Int) {
        paused.remove(viewer)
        playing.insert(viewer)
    }

    fileprivate mutating func pause(_ viewer: Int) {
        guard playing.remove(viewer) != nil else { return }
        paused.insert(viewer)
    }

    fileprivate mutating func leave(_ viewer: Int) {
        playing.remove(viewer)
        paused.remove(viewer)
    }
}
