import Logging
import NIOCore
import RTSPTransport
import Reflector

/// Keeps one camera pulled for as long as its stream wants it.
package struct PullSupervisor: Sendable {
    private let stream: Stream
    private let configuration: PullConfiguration
    private let limiter: ConnectLimiter
    private let patience: PullPatience
    private let monitor: PullMonitor
    private let logger: Logger

    /// `limiter` is shared by all cameras.
    package init(
        stream: Stream,
        configuration: PullConfiguration,
        limiter: ConnectLimiter,
        patience: PullPatience = PullPatience(),
        logger: Logger
    ) {
        self.stream = stream
        self.configuration = configuration
        self.limiter = limiter
        self.patience = patience
        monitor = PullMonitor(eventLoop: stream.homeLoop)
        var logger = logger
        logger[metadataKey: "stream"] = "\(stream.path)"
        self.logger = logger
    }

    /// How the camera is doing; throws when the event loops are gone.
    package func status() async throws -> PullStatus {
        try await monitor.status()
    }

    /// Returns when the stream is closed, or the task is cancelled; the camera's session has been torn down then.
    package func run() async {
        await stream.whileWanted { await pull() }
    }

    private func pull() async {
        var transport = TransportChoice(configuration.transport)
        var schedule = ReconnectSchedule()
        while !Task.isCancelled {
            let source = PullSource(
                stream: stream,
                configuration: configuration,
                transport: transport,
                limiter: limiter,
                patience: patience,
                logger: logger,
                monitor: monitor
            )
            let outcome = await source.run()
            transport = outcome.transport
            if Task.isCancelled { break }
            let pause = schedule.pause(
                after: outcome.error,
                livedFor: outcome.livedFor,
                random: Double.random(in: 0...1)
            )
            monitor.entered(schedule.isLocked ? .locked : .waiting, because: outcome.error)
            logger.warning(
                schedule.isLocked ? "camera auth locked" : "camera down",
                metadata: [
                    "reason": "\(outcome.error)", "retry_seconds": "\(Double(pause.nanoseconds / 1_000_000) / 1000)",
                ]
            )
            try? await Task.sleep(for: .nanoseconds(pause.nanoseconds))
        }
        monitor.entered(.idle)
        logger.info("camera released")
    }
}
