/// Does `work`, and waits for its end no longer than `patience`: what hangs on a disk cannot be called off, and is left to itself.
func wait(atMost patience: Duration, for work: @escaping @Sendable () async -> Void) async {
    let (ending, ended) = AsyncStream<Never>.makeStream()
    Task {
        await work()
        ended.finish()
    }
    let bound = Task {
        try? await Task.sleep(for: patience)
        ended.finish()
    }
    for await _ in ending {}
    bound.cancel()
}
