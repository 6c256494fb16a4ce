import NIOCore

/// Requests that are answered when there is something: bounded in number and in time.
struct ReloadWaiters {
    /// What a request waits for.
    enum Wish: Sendable, Hashable {
        case playlist(HLSQuery)
        /// A part that was hinted at.
        case file(String)
    }

    private struct Waiter {
        var wish: Wish
        var deadline: NIODeadline
        var continuation: CheckedContinuation<HLSResource, Never>
    }

    /// A viewer of low latency waits for a playlist and a part at a time.
    static let most = 8192

    private var waiters: [Int: Waiter] = [:]

    var isEmpty: Bool { waiters.isEmpty }
    var isFull: Bool { waiters.count >= Self.most }

    mutating func add(
        _ id: Int, _ wish: Wish, until deadline: NIODeadline, _ continuation: CheckedContinuation<HLSResource, Never>
    ) {
        waiters[id] = Waiter(wish: wish, deadline: deadline, continuation: continuation)
    }

    /// Answers those for whom there is an answer.
    mutating func answer(_ answer: (Wish) -> HLSResource?) {
        for (id, waiter) in waiters {
            guard let resource = answer(waiter.wish) else { continue }
            waiters[id] = nil
            waiter.continuation.resume(returning: resource)
        }
    }

    /// Answers those who have waited long enough.
    mutating func timePassed(at now: NIODeadline, _ answer: HLSResource) {
        for (id, waiter) in waiters where waiter.deadline <= now {
            waiters[id] = nil
            waiter.continuation.resume(returning: answer)
        }
    }

    /// Nobody reads the answer any more.
    mutating func cancelled(_ id: Int) {
        waiters.removeValue(forKey: id)?.continuation.resume(returning: .unavailable("the request was given up"))
    }
}
