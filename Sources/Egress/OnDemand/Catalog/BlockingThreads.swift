import NIOCore

/// Threads for what blocks: files are read there, never on an event loop.
package struct BlockingThreads: Sendable {
    /// The threads have been stopped.
    package struct Stopped: Error {}

    /// Has work done that tells what it comes to by itself; false where the threads have been stopped.
    package let submit: @Sendable (_ work: @escaping @Sendable (_ isRunning: Bool) -> Void) -> Void

    /// `submit` has its work called once, on a thread, or with false where there are none any more.
    package init(_ submit: @escaping @Sendable (_ work: @escaping @Sendable (_ isRunning: Bool) -> Void) -> Void) {
        self.submit = submit
    }

    /// What `body` comes to, told on `eventLoop`.
    func run<Value: Sendable>(
        on eventLoop: any EventLoop, _ body: @escaping @Sendable () throws -> Value
    ) -> EventLoopFuture<Value> {
        let promise = eventLoop.makePromise(of: Value.self)
        submit { isRunning in
            guard isRunning else { return promise.fail(Stopped()) }
            promise.completeWith(Result { try body() })
        }
        return promise.futureResult
    }

    /// What `body` comes to; throws `Stopped` where there are no threads any more.
    package func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            submit { isRunning in
                guard isRunning else { return continuation.resume(throwing: Stopped()) }
                continuation.resume(with: Result { try body() })
            }
        }
    }
}
