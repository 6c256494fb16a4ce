#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The sockets of one thread's sessions, and which of them have something to read: `poll(2)`.
struct SocketWatch {
    private struct Owner {
        let session: LoadSession
        /// `nil` for the connection.
        let track: Int?
    }

    private var entries: [pollfd] = []
    private var owners: [Owner] = []

    /// Looks anew at which sockets there are.
    mutating func watch(_ sessions: [LoadSession]) {
        entries.removeAll(keepingCapacity: true)
        owners.removeAll(keepingCapacity: true)
        for session in sessions {
            guard let socket = session.socket else { continue }
            let events = session.phase == .connecting ? POLLOUT : POLLIN
            add(socket.descriptor, Int16(events), Owner(session: session, track: nil))
            for (index, track) in session.tracks.enumerated() {
                guard let ports = track.ports else { continue }
                add(ports.media, Int16(POLLIN), Owner(session: session, track: index))
            }
        }
    }

    private mutating func add(_ descriptor: Int32, _ events: Int16, _ owner: Owner) {
        entries.append(pollfd(fd: descriptor, events: events, revents: 0))
        owners.append(owner)
    }

    /// Serves each socket that is ready, after waiting at most so many milliseconds for the first.
    mutating func serve(waiting milliseconds: Int32, _ serve: (_ session: LoadSession, _ track: Int?) -> Void) {
        var ready = poll(&entries, nfds_t(entries.count), milliseconds)
        var index = 0
        while ready > 0, index < entries.count {
            if entries[index].revents != 0 {
                ready -= 1
                let owner = owners[index]
                serve(owner.session, owner.track)
            }
            index += 1
        }
    }
}
