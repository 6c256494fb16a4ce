import Egress
import NIOCore
import NIOPosix
import Synchronization

/// The event loop and the thread for the file that a broadcast runs on.
struct BroadcastEngine {
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let pool = NIOThreadPool(numberOfThreads: 1)

    init() {
        pool.start()
    }

    var eventLoop: any EventLoop { group.any() }

    var threads: BlockingThreads {
        BlockingThreads { [pool] work in
            pool.submit { state in
                switch state {
                case .active: work(true)
                case .cancelled: work(false)
                }
            }
        }
    }

    func stop() async {
        try? await pool.shutdownGracefully()
        try? await group.shutdownGracefully()
    }
}

/// How far a broadcast has come, on the terminal and to be asked for.
final class LatestProgress: Sendable {
    /// In microseconds; 0 where nobody knows.
    private let duration: Int64
    private let progress = Mutex(BroadcastProgress())

    init(duration: Int64) {
        self.duration = duration
    }

    var latest: BroadcastProgress { progress.withLock(\.self) }

    @Sendable func show(_ latest: BroadcastProgress) {
        progress.withLock { $0 = latest }
        var text = Self.clock(latest.position)
        if duration > 0 { text += " of \(Self.clock(duration))" }
        if latest.rounds > 1 { text += ", round \(latest.rounds)" }
        text += ", \(latest.packets) packets"
        if latest.refused > 0 { text += ", \(latest.refused) refused" }
        ProgressLine.write(text)
    }

    private static func clock(_ microseconds: Int64) -> String {
        let seconds = microseconds / 1_000_000
        let rest = String(seconds % 60)
        return "\(seconds / 60):\(rest.count < 2 ? "0" : "")\(rest)"
    }
}

extension Interruption {
    /// How often it is asked whether there was one.
    private static let look = Duration.milliseconds(50)

    /// What `body` comes to; it is cancelled when somebody wants the end.
    static func cancelling<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async -> Result<Value, any Error> {
        let task = Task { try await body() }
        let watch = Task {
            while !Task.isCancelled, !isRequested { try? await Task.sleep(for: look) }
            if isRequested { task.cancel() }
        }
        let result = await task.result
        watch.cancel()
        return result
    }
}
