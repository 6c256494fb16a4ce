import Media
import NIOCore

/// Who waits for the source of a stream, and on behalf of which relays.
struct WaitingViewers {
    private struct Waiting {
        let promise: EventLoopPromise<StreamSnapshot>
        let relays: RelayChain
    }

    private let path: StreamPath
    private var waiting: [Int: Waiting] = [:]
    private var last = 0

    init(for path: StreamPath) {
        self.path = path
    }

    var isEmpty: Bool { waiting.isEmpty }

    /// One more; its number.
    mutating func add(_ promise: EventLoopPromise<StreamSnapshot>, for relays: RelayChain) -> Int {
        last += 1
        waiting[last] = Waiting(promise: promise, relays: relays)
        return last
    }

    mutating func remove(_ number: Int) {
        waiting[number] = nil
    }

    /// Nobody waits any more; what becomes of each, the caller says.
    mutating func takeAll() -> WaitingViewers {
        defer { waiting = [:] }
        return self
    }

    /// The source came through `via`, and is refused to whom that would lead back to.
    func answer(_ snapshot: StreamSnapshot, from via: RelayChain) {
        for who in waiting.values {
            if who.relays.meets(via) { who.promise.fail(StreamError.loop(path)) } else { who.promise.succeed(snapshot) }
        }
    }

    /// Those on whose behalf one of `relays` asks: they would wait for themselves.
    func refuse(those relays: RelayChain) {
        for who in waiting.values where who.relays.meets(relays) { who.promise.fail(StreamError.loop(path)) }
    }

    func fail(_ error: StreamError) {
        for who in waiting.values { who.promise.fail(error) }
    }
}
