import NIOConcurrencyHelpers
import NIOCore

/// What a stream answered since something of it changed last, for any thread to answer again without waiting for the stream; and who asked.
///
/// Of a thousand viewers one has the playlist written. The others neither wait for the muxer nor wake a thread.
final class ReadyAnswers: Sendable {
    /// What can be answered twice.
    enum Question: Hashable, Sendable {
        case file(String)
        case playlist(skips: Bool)

        /// `nil` for what may have to be waited for, and for what is refused.
        init?(_ file: String, _ query: HLSQuery) {
            guard file == HLSStream.playlistName else {
                self = .file(file)
                return
            }
            guard query.mediaSequence == nil, query.part == nil else { return nil }
            self = .playlist(skips: query.skip)
        }
    }

    private struct State {
        var answers: [Question: HLSResource] = [:]
        var audience = Audience()
        var lastRequest: NIODeadline
        var isOver = false

        mutating func asked(_ viewer: Int?, at now: NIODeadline) {
            lastRequest = now
            if let viewer { audience.asked(viewer, at: now) }
        }
    }

    private let state: NIOLockedValueBox<State>

    init(at now: NIODeadline) {
        state = NIOLockedValueBox(State(lastRequest: now))
    }

    // MARK: Asking

    /// The answer that is there, with the request noted; `nil`, and nothing noted, where the stream has to be asked.
    func answer(_ file: String, _ query: HLSQuery, at now: NIODeadline) -> HLSResource? {
        guard let question = Question(file, query) else { return nil }
        return state.withLockedValue { state in
            guard let answer = state.answers[question] else { return nil }
            state.asked(query.viewer, at: now)
            return answer
        }
    }

    /// Notes a request that the stream itself is to answer.
    func asked(_ viewer: Int?, at now: NIODeadline) {
        state.withLockedValue { $0.asked(viewer, at: now) }
    }

    var lastRequest: NIODeadline { state.withLockedValue { $0.lastRequest } }
    /// Those who have asked of late.
    var viewers: Int { state.withLockedValue { $0.audience.count } }

    // MARK: The stream's side

    /// What is there, with nothing noted.
    subscript(_ question: Question) -> HLSResource? { state.withLockedValue { $0.answers[question] } }

    /// For all who ask the same from now on.
    func keep(_ answer: HLSResource, to question: Question) {
        state.withLockedValue { state in
            if !state.isOver { state.answers[question] = answer }
        }
    }

    /// Something changed: the stream has to be asked again.
    func forget() {
        // What goes is given back outside of the lock.
        let gone = state.withLockedValue { state in
            defer { state.answers = [:] }
            return state.answers
        }
        _ = gone
    }

    /// Forgets who has not asked for so long.
    func timePassed(at now: NIODeadline, patience: TimeAmount) {
        state.withLockedValue { $0.audience.timePassed(at: now, patience: patience) }
    }

    /// Nothing is answered any more.
    func end() {
        state.withLockedValue { state in
            state.isOver = true
            state.audience = Audience()
        }
        forget()
    }
}
