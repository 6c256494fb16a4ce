import NIOCore

/// Paces the connects to all cameras together: after a power cut two hundred of them are to be reached at once.
///
/// First come, first served; a place is held until the connection stands, has failed, or is long in coming.
package actor ConnectLimiter {
    private let simultaneous: Int
    private let interval: TimeAmount
    private var connecting = 0
    private var nextStart = NIODeadline.uptimeNanoseconds(0)
    private var waiting: [(id: Int, continuation: CheckedContinuation<Void, any Error>)] = []
    private var lastID = 0

    /// At most `simultaneous` connects at a time, and no more than `perSecond` begun in a second.
    package init(simultaneous: Int = 128, perSecond: Int = 50) {
        self.simultaneous = max(1, simultaneous)
        interval = .nanoseconds(1_000_000_000 / Int64(max(1, perSecond)))
    }

    /// Runs `body` when its turn has come; throws `CancellationError` if the task is cancelled before.
    package nonisolated func connecting<Result: Sendable>(
        _ body: @Sendable () async throws -> Result
    ) async throws -> Result {
        try await enter()
        do {
            let delay = await reserveStart(at: .now())
            if delay > .zero { try await Task.sleep(for: .nanoseconds(delay.nanoseconds)) }
            let result = try await body()
            await leave()
            return result
        } catch {
            await leave()
            throw error
        }
    }

    private func enter() async throws {
        try Task.checkCancellation()
        guard connecting >= simultaneous else {
            connecting += 1
            return
        }
        lastID += 1
        let id = lastID
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                if Task.isCancelled {
                    continuation.resume(throwing: CancellationError())
                } else {
                    waiting.append((id, continuation))
                }
            }
        } onCancel: {
            Task { await self.abandon(id) }
        }
    }

    private func abandon(_ id: Int) {
        guard let index = waiting.firstIndex(where: { $0.id == id }) else { return }
        waiting.remove(at: index).continuation.resume(throwing: CancellationError())
    }

    /// The place goes to whoever waits longest.
    private func leave() {
        if waiting.isEmpty {
            connecting -= 1
        } else {
            waiting.removeFirst().continuation.resume()
        }
    }

    private func reserveStart(at now: NIODeadline) -> TimeAmount {
        let start = max(now, nextStart)
        nextStart = start + interval
        return start - now
    }
}
