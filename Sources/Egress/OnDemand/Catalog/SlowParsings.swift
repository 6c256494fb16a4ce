import Synchronization

/// Parsings that have taken longer than a moment: no more of them go on than leave threads for others.
final class SlowParsings: Sendable {
    private let most: Int
    private let count = Mutex(0)

    init(atMost most: Int) {
        self.most = most
    }

    /// One more is slow; false where it has to make room.
    func enter() -> Bool {
        count.withLock { count in
            guard count < most else { return false }
            count += 1
            return true
        }
    }

    /// One of them has ended.
    func leave() {
        count.withLock { $0 -= 1 }
    }
}
