import Logging
import ServiceLifecycle

/// The relay as a whole, from its configuration to its end by SIGTERM or SIGINT.
package struct RelayServer {
    private let configuration: RelayConfiguration
    private let logger: Logger

    package init(configuration: RelayConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    /// Returns after SIGTERM or SIGINT.
    package func run() async throws {
        let group = ServiceGroup(
            services: [UntilShutdown()],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        try await group.run()
    }
}

private struct UntilShutdown: Service {
    func run() async throws {
        try await gracefulShutdown()
    }
}
