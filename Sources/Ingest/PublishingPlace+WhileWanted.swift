import Reflector

extension PublishingPlace {
    /// Runs `source` while somebody wants the stream, cancels it when nobody does any more, and runs it again for the
    /// next viewer.
    ///
    /// Returns when the stream is closed or the surrounding task is cancelled, after `source` has ended.
    package func whileWanted(_ source: @escaping @Sendable () async -> Void) async {
        var demand = demand.makeAsyncIterator()
        while let isWanted = await demand.next() {
            guard isWanted else { continue }
            await withTaskGroup(of: Void.self) { group in
                group.addTask(operation: source)
                while let isStillWanted = await demand.next(), isStillWanted {}
                group.cancelAll()
            }
        }
    }
}
