import RTSP

/// A session of a viewer, with a stream or a movie.
protocol ViewerSession: AnyObject {
    var identifier: SessionIdentifier { get }
    /// Every interleaved channel of the session.
    var channels: Set<UInt8> { get }
}

/// The sessions made on one connection; no other connection can name them.
struct SessionTable<Session: ViewerSession> {
    private var sessions: [SessionIdentifier: Session] = [:]

    var count: Int { sessions.count }

    var all: [Session] { Array(sessions.values) }

    subscript(identifier: SessionIdentifier) -> Session? {
        get { sessions[identifier] }
        set { sessions[identifier] = newValue }
    }

    /// Every interleaved channel in use, but for those of one session.
    func channels(besides identifier: SessionIdentifier? = nil) -> Set<UInt8> {
        sessions.values.reduce(into: []) { channels, session in
            guard session.identifier != identifier else { return }
            channels.formUnion(session.channels)
        }
    }
}
