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
        var logger = logger
        logger[metadataKey: "stream"] = "\(stream.path)"
        self.logger = logger
    }

    /// Returns when the stream is closed, or the task is cancelled; the camera's session has been torn down then.
    package func run() async {
        var demand = stream.demand.makeAsyncIterator()
        while let isWanted = await demand.next() {
            guard isWanted else { continue }
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await pull() }
                while let isStillWanted = await demand.next(), isStillWanted {}
                group.cancelAll()
            }
        }
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
                logger: logger
            )
            let outcome = await source.run()
            transport = outcome.transport
            if Task.isCancelled { break }
            let pause = schedule.pause(
                after: outcome.error,
                livedFor: outcome.livedFor,
                random: Double.random(in: 0...1)
            )
            logger.warning(
                schedule.isLocked ? "camera auth locked" : "camera down",
                metadata: [
                    "reason": "\(outcome.error)", "retry_seconds": "\(Double(pause.nanoseconds / 1_000_000) / 1000)",
                ]
            )
            try? await Task.sleep(for: .nanoseconds(pause.nanoseconds))
        }
        logger.info("camera released")
    }
}
