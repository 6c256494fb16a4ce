import Logging
import ServiceLifecycle
import UnixSignals

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
        LargeBlocks.returnToKernel()
        let openFiles = OpenFileLimit.raise()
        logger.debug("open files", metadata: ["limit": "\(openFiles)"])
        let relay = try await Relay.start(configuration, logger: logger)
        for url in relay.watchURLs { logger.notice("ready to watch", metadata: ["url": "\(url)"]) }
        let isListening = await withTaskGroup(of: Bool.self) { tasks in
            tasks.addTask {
                await relay.runSources()
                return true
            }
            tasks.addTask {
                try? await gracefulShutdown()
                return true
            }
            tasks.addTask {
                await relay.watchListeners()
                return false
            }
            if let watching = relay.watchingCertificate {
                tasks.addTask {
                    await watching()
                    return true
                }
            }
            // Without a file to open anew SIGHUP is what it is elsewhere: the terminal is gone.
            if let reopen = relay.reopeningLogs {
                tasks.addTask {
                    for await _ in await UnixSignalsSequence(trapping: .sighup) { reopen() }
                    return true
                }
            }
            // Sources run for ever: the first to return is the shutdown, or the loss of the listener.
            let first = await tasks.next() ?? true
            await relay.endStreams()
            tasks.cancelAll()
            await relay.stopListening()
            // Sources say TEARDOWN to their cameras.
            await tasks.waitForAll()
            return first
        }
        await relay.stop()
        guard isListening else { throw ListenerLost() }
    }
}

/// The kernel took the listening socket away: nothing is served any more, and a supervisor had better start the relay anew.
private struct ListenerLost: Error, CustomStringConvertible {
    let description = "a port no longer listens; start the relay again"
}
