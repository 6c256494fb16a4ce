import NIOCore
import Synchronization

/// Work that blocks, done elsewhere: once for all who wait for the same, and not at all where nobody does any more.
final class SharedWork<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    /// Has work done on a thread, or called with false where there are none any more.
    typealias Submit = @Sendable (_ work: @escaping @Sendable (_ isRunning: Bool) -> Void) -> Void

    private struct State {
        var waiting: [Key: [UInt64: CheckedContinuation<Value?, Never>]] = [:]
        var last: UInt64 = 0
    }

    private enum Entry {
        case first
        case joined
        case refused
    }

    private let mostUnderWay: Int
    private let submit: Submit
    private let state = Mutex(State())

    /// Beyond `mostUnderWay` works that are being done or wait, further ones are refused.
    init(mostUnderWay: Int, submit: @escaping Submit) {
        self.mostUnderWay = mostUnderWay
        self.submit = submit
    }

    /// What `make` comes to, perhaps somebody else's; `nil` where too much is under way, the threads have been stopped, or the task was
    /// cancelled.
    func value(for key: Key, _ make: @escaping @Sendable () -> Value) async -> Value? {
        let number = state.withLock { state in
            state.last += 1
            return state.last
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                switch enter(number, key, continuation) {
                case .first: submit { isRunning in self.work(key, isRunning, make) }
                case .joined: break
                case .refused: continuation.resume(returning: nil)
                }
            }
        } onCancel: {
            leave(number, key)
        }
    }

    /// How many wait for it now.
    func waitingCount(for key: Key) -> Int {
        state.withLock { $0.waiting[key]?.count ?? 0 }
    }

    private func enter(
        _ number: UInt64, _ key: Key, _ continuation: CheckedContinuation<Value?, Never>
    ) -> Entry {
        let isOver = Task.isCancelled
        return state.withLock { state in
            let isKnown = state.waiting[key] != nil
            guard !isOver, isKnown || state.waiting.count < mostUnderWay else { return .refused }
            state.waiting[key, default: [:]][number] = continuation
            return isKnown ? .joined : .first
        }
    }

    private func leave(_ number: UInt64, _ key: Key) {
        state.withLock { $0.waiting[key]?.removeValue(forKey: number) }?.resume(returning: nil)
    }

    private func work(_ key: Key, _ isRunning: Bool, _ make: () -> Value) {
        let isWanted = state.withLock { state in
            guard state.waiting[key]?.isEmpty == true else { return true }
            state.waiting[key] = nil
            return false
        }
        guard isWanted else { return }
        let value = isRunning ? make() : nil
        let waiting = state.withLock { $0.waiting.removeValue(forKey: key) } ?? [:]
        for continuation in waiting.values { continuation.resume(returning: value) }
    }
}
