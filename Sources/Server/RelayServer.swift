import Logging
import ServiceLifecycle

/// The relay as a process: from its configuration to its end by SIGTERM or SIGINT.
package struct RelayServer: Sendable {
    private let configuration: RelayConfiguration
    private let logger: Logger

    package init(configuration: RelayConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    /// Returns after SIGTERM or SIGINT; throws when an address or a port cannot be had.
    package func run() async throws {
        let group = ServiceGroup(
            services: [RelayService(configuration: configuration, logger: logger)],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        try await group.run()
    }
}

private struct RelayService: Service {
    let configuration: RelayConfiguration
    let logger: Logger

    func run() async throws {
        let openFiles = OpenFileLimit.raise()
        logger.debug("open files", metadata: ["limit": "\(openFiles)"])
        let relay = try await Relay.start(configuration, logger: logger)
        for url in relay.watchURLs { logger.notice("ready to watch", metadata: ["url": "\(url)"]) }
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await relay.runSources() }
            tasks.addTask { try? await gracefulShutdown() }
            // Sources run for ever: the first to return is the shutdown.
            await tasks.next()
            await relay.endStreams()
            tasks.cancelAll()
        }
        await relay.stop()
    }
}
