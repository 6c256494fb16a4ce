import RTSP

/// The sessions made on one connection; no other connection can name them.
struct SessionTable {
    private var sessions: [SessionIdentifier: PlaySession] = [:]

    var count: Int { sessions.count }

    var all: [PlaySession] { Array(sessions.values) }

    subscript(identifier: SessionIdentifier) -> PlaySession? {
        get { sessions[identifier] }
        set { sessions[identifier] = newValue }
    }

    /// Every interleaved channel in use, but for those of one session.
    func channels(besides identifier: SessionIdentifier) -> Set<UInt8> {
        sessions.values.reduce(into: []) { channels, session in
            guard session.identifier != identifier else { return }
            channels.formUnion(session.channels)
        }
    }
}
