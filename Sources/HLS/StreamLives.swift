import NIOConcurrencyHelpers

/// What is made of streams for as long as somebody wants it: a life for each key, and the next one when that is over. Any thread may ask.
final class StreamLives<Key: Hashable & Sendable, Stream: Sendable>: Sendable {
    /// A stream, and the task that ends when its life is over.
    struct Life: Sendable {
        let stream: Stream
        private let task: Task<Void, Never>

        fileprivate init(_ stream: Stream, _ task: Task<Void, Never>) {
            self.stream = stream
            self.task = task
        }

        func ended() async { await task.value }

        fileprivate func cancel() { task.cancel() }
    }

    private struct State {
        var lives: [Key: Life] = [:]
        var isClosed = false
    }

    private let make: @Sendable (Key) -> Stream
    private let live: @Sendable (Key, Stream) async -> Void
    private let state = NIOLockedValueBox(State())

    /// `live` returns when the life of a stream is over, soon after its task is cancelled; the next one begins behind it.
    init(make: @escaping @Sendable (Key) -> Stream, live: @escaping @Sendable (Key, Stream) async -> Void) {
        self.make = make
        self.live = live
    }

    /// The life that is under way.
    subscript(_ key: Key) -> Life? { state.withLockedValue { $0.lives[key] } }

    /// The life that is under way, or a new one; `nil` where no more are begun.
    func begin(_ key: Key) -> Life? {
        state.withLockedValue { state in
            guard !state.isClosed else { return nil }
            if let life = state.lives[key] { return life }
            let stream = make(key)
            let life = Life(
                stream,
                Task {
                    await live(key, stream)
                    self.state.withLockedValue { $0.lives[key] = nil }
                })
            state.lives[key] = life
            return life
        }
    }

    /// Asks the stream, in its next life where this one is just over and answers nothing; `nil` where no more are begun.
    func asked<Answer: Sendable>(_ key: Key, _ ask: @Sendable (Stream) async -> Answer?) async -> Answer? {
        while !Task.isCancelled, let life = begin(key) {
            if let answer = await ask(life.stream) { return answer }
            await life.ended()
        }
        return nil
    }

    /// Begins no more, and cancels those under way.
    func stop() {
        let lives = state.withLockedValue { state in
            state.isClosed = true
            return Array(state.lives.values)
        }
        for life in lives { life.cancel() }
    }

    /// The same, and returns when they are over.
    func close() async {
        stop()
        for life in state.withLockedValue({ Array($0.lives.values) }) { await life.ended() }
    }
}
