import Logging
import NIOCore
import NIOCore
import RTSPTransport
import Reflector

/// Keeps one camera pulled for as long as its stream wants it.
package struct PullSupervisor: Sendable {
    private let stream: any PublishingPlace
    private let configuration: PullConfiguration
    private let limiter: ConnectLimiter
    private let patience: PullPatience
    private let monitor: PullMonitor
    private let logger: Logger

    /// `limiter` is shared by all cameras.
    package init(
        stream: any PublishingPlace,
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
        var patience = patience
        patience.stall = min(patience.stall, configuration.timeout)
        let experience = PullExperience(transport: configuration.transport, patience: patience)
        await stream.whileWanted { await pull(experience) }
    }

    private func pull(_ experience: PullExperience) async {
        await experience.wanted(at: NIODeadline.now())
        while !Task.isCancelled {
            let rest = await experience.rest(at: NIODeadline.now())
            if rest > .zero {
                monitor.entered(await experience.isLocked ? .locked : .waiting)
                try? await Task.sleep(for: .nanoseconds(rest.nanoseconds))
                continue
            }
            var patience = patience
            patience.stall = await experience.stall
            let source = PullSource(
                stream: stream,
                configuration: configuration,
                transport: await experience.transport,
                limiter: limiter,
                patience: patience,
                logger: logger,
                monitor: monitor
            )
            let outcome = await source.run()
            guard !Task.isCancelled else {
                await experience.released(outcome)
                break
            }
            let reason = "\(outcome.error)"
            try? await stream.homeLoop.submit { [stream] in
                stream.isDown(because: reason)
                stream.tryFailed()
            }.get()
            let pause = await experience.ended(outcome, at: NIODeadline.now())
            let isLocked = await experience.isLocked
            monitor.entered(isLocked ? .locked : .waiting, because: outcome.error)
            logger.warning(
                isLocked ? "camera auth locked" : "camera down",
                metadata: [
                    "reason": "\(reason)", "retry_seconds": "\(Double(pause.nanoseconds / 1_000_000) / 1000)",
                ]
            )
        }
        monitor.entered(.idle)
        logger.info("camera released")
    }
}
