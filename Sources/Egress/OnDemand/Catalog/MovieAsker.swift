import Synchronization

/// One who asks for movies: a connection.
final class MovieAsker: Sendable {
    private let isThere = Atomic(true)

    /// It waits for nothing any more.
    func leave() {
        isThere.store(false, ordering: .relaxed)
    }

    var waits: Bool { isThere.load(ordering: .relaxed) }
}
