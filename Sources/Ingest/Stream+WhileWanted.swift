import Reflector

extension Stream {
    /// Runs `source` while somebody wants the stream, cancels it when nobody does any more, and runs it again for the next viewer.
    ///
    /// Returns when the stream is closed or the surrounding task is cancelled, after `source` has ended.
    package func whileWanted(_ source: @escaping @Sendable () async -> Void) async {
        var running: Task<Void, Never>?
        for await isWanted in demand {
            if isWanted {
                running = running ?? Task { await source() }
            } else {
                running?.cancel()
                await running?.value
                running = nil
            }
        }
        running?.cancel()
        await running?.value
    }
}
