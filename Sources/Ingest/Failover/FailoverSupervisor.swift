import Logging
import NIOCore
import Reflector

/// Keeps a stream fed by the best of several sources that sends, for as long as the stream is wanted.
package struct FailoverSupervisor: Sendable {
    /// Feeds one place until its demand ends, or the task is cancelled.
    package typealias Feed = @Sendable (_ source: Int, _ place: CandidatePlace) async -> Void

    private let stream: Stream
    private let count: Int
    private let policy: FailoverPolicy
    private let feed: Feed
    private let logger: Logger

    /// `count` sources, named by their places from 0 on, which is the best; `feed` runs each.
    package init(stream: Stream, count: Int, policy: FailoverPolicy, logger: Logger, feed: @escaping Feed) {
        self.stream = stream
        self.count = count
        self.policy = policy
        self.feed = feed
        var logger = logger
        logger[metadataKey: "stream"] = "\(stream.path)"
        self.logger = logger
    }

    /// Returns when the stream is closed, or the task is cancelled; the sessions of all sources have been torn down then.
    package func run() async {
        guard let (places, control) = try? await prepare() else { return }
        await withTaskGroup(of: Void.self) { group in
            for (index, place) in places.enumerated() {
                group.addTask { [feed] in await feed(index, place) }
            }
            await stream.whileWanted { [stream] in
                stream.homeLoop.execute { control.value.begin() }
                await Self.untilCancelled()
                try? await stream.homeLoop.submit { control.value.stop() }.get()
            }
            try? await stream.homeLoop.submit { control.value.close() }.get()
        }
    }

    private func prepare() async throws -> ([CandidatePlace], NIOLoopBound<FailoverControl>) {
        try await stream.homeLoop.submit { [stream, count, policy, logger] in
            let places = stream.candidates(count)
            let control = FailoverControl(places, policy: policy, on: stream.homeLoop, logger: logger)
            return (places, NIOLoopBound(control, eventLoop: stream.homeLoop))
        }.get()
    }

    private static func untilCancelled() async {
        let (forever, continuation) = AsyncStream<Never>.makeStream()
        for await _ in forever {}
        continuation.finish()
    }
}
