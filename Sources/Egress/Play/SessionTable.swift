import RTSP

/// The sessions made on one connection; no other connection can name them.
struct SessionTable<Session: ViewerSession> {
    private var sessions: [SessionIdentifier: Session] = [:]
    private var generator: any RandomNumberGenerator

    /// `generator` makes session ids and must not be guessable.
    init(generator: any RandomNumberGenerator) {
        self.generator = generator
    }

    var count: Int { sessions.count }

    var all: [Session] { Array(sessions.values) }

    subscript(identifier: SessionIdentifier) -> Session? {
        get { sessions[identifier] }
        set { sessions[identifier] = newValue }
    }

    /// For a session that is to be made.
    mutating func makeIdentifier() -> SessionIdentifier {
        SessionIdentifier(using: &generator)
    }

    /// The session a request names, if it was made on this connection.
    func named(by request: RTSPRequest) -> Session? {
        request.headers.session.flatMap { self[SessionIdentifier(asked: $0.id)] }
    }

    /// The session that a PLAY, PAUSE or TEARDOWN is for: the one named, or the only one of what it is about where a player names none.
    func session(
        of request: RTSPRequest, where isAbout: (Session) -> Bool
    ) throws(SessionRefusal) -> Session {
        guard request.headers["Session"] == nil else {
            guard let session = named(by: request) else { throw .sessionNotFound }
            // VLC without live555 asks to PLAY `/stream=0`.
            guard isAbout(session) else { throw .methodNotValid(allow: PlaySessionStateMachine.allowedInitially) }
            return session
        }
        guard count > 0 else { throw .methodNotValid(allow: PlaySessionStateMachine.allowedInitially) }
        let candidates = all.filter(isAbout)
        guard let session = candidates.first, candidates.count == 1 else { throw .sessionNotFound }
        session.noteActivity()
        return session
    }

    /// Every interleaved channel in use, but for those of one session.
    func channels(besides identifier: SessionIdentifier? = nil) -> Set<UInt8> {
        sessions.values.reduce(into: []) { channels, session in
            guard session.identifier != identifier else { return }
            channels.formUnion(session.channels)
        }
    }
}
