import NIOConcurrencyHelpers

/// Bursts on their way from a stream's loop to one reader: shared, not copied, and bounded. Where the reader is too slow, whole groups are
/// left out.
final class BurstQueue: Sendable {
    enum Item: Sendable {
        /// What was there when the reader came.
        case start(StreamStart)
        case burst(Burst)
        /// Bursts were left out; the next begins a group.
        case gap
        /// The source is gone; the next burst is of another.
        case sourceLost
        case ended(reason: String)
    }

    /// Framed bytes of live bursts that wait; with the group that a reader begins with come at most as many as the ring holds.
    private static let mostBytes = 16 * 1024 * 1024
    private static let mostItems = 4096
    /// The reader takes no more at once, so that others may run.
    private static let portion = 32

    private struct State {
        var items: [Item] = []
        var bytes = 0
        var isSkipping = false
        /// Nothing comes any more.
        var isClosed = false
        var reader: CheckedContinuation<Void, Never>?

        mutating func takeReader() -> CheckedContinuation<Void, Never>? {
            reader.take()
        }
    }

    private let state = NIOLockedValueBox(State())

    /// On the stream's loop, before all bursts.
    func begin(_ start: StreamStart) {
        put(.start(start))
    }

    /// On the stream's loop: at most a lock and an entry in an array.
    func put(_ burst: Burst) {
        let reader = state.withLockedValue { state -> CheckedContinuation<Void, Never>? in
            guard !state.isClosed else { return nil }
            if state.isSkipping {
                guard burst.startsGroup, state.bytes < Self.mostBytes / 2, state.items.count < Self.mostItems / 2
                else { return nil }
                state.isSkipping = false
                state.items.append(.gap)
            } else if state.bytes + burst.byteCount > Self.mostBytes || state.items.count >= Self.mostItems {
                state.isSkipping = true
                return nil
            }
            state.bytes += burst.byteCount
            state.items.append(.burst(burst))
            return state.takeReader()
        }
        reader?.resume()
    }

    /// The source is gone; what waits is still read.
    func sourceLost() {
        put(.sourceLost)
    }

    /// The stream is over; what waits is still read.
    func end(reason: String) {
        put(.ended(reason: reason))
    }

    private func put(_ item: Item) {
        let reader = state.withLockedValue { state -> CheckedContinuation<Void, Never>? in
            guard !state.isClosed else { return nil }
            state.items.append(item)
            return state.takeReader()
        }
        reader?.resume()
    }

    /// Nobody reads any more; what waits is forgotten.
    func close() {
        let reader = state.withLockedValue { state -> CheckedContinuation<Void, Never>? in
            state.isClosed = true
            state.items = []
            state.bytes = 0
            return state.takeReader()
        }
        reader?.resume()
    }

    /// What waits, some of it; waits for it where there is nothing. `nil` when the queue was closed, and for a second reader while one
    /// waits.
    func take() async -> [Item]? {
        while true {
            let taken = state.withLockedValue { state -> [Item]? in
                if state.isClosed || state.reader != nil { return nil }
                let taken = Array(state.items.prefix(Self.portion))
                state.items.removeFirst(taken.count)
                for case .burst(let burst) in taken { state.bytes -= burst.byteCount }
                return taken
            }
            guard let taken else { return nil }
            guard taken.isEmpty else { return taken }
            await withCheckedContinuation { reader in
                let isReady = state.withLockedValue { state -> Bool in
                    guard state.items.isEmpty, !state.isClosed, state.reader == nil else { return true }
                    state.reader = reader
                    return false
                }
                if isReady { reader.resume() }
            }
        }
    }
}
