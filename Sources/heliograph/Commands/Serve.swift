import ArgumentParser
import Logging
import Server

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the relay until SIGTERM or SIGINT.",
        discussion: """
            Examples:
              heliograph serve
              heliograph serve /etc/heliograph/relays.yaml --log-format json
            """
    )

    @Argument(help: "The configuration file.")
    var file = "relays.yaml"

    @Option(help: "The least level that is logged, instead of the file's.")
    var logLevel: LogConfiguration.Level?

    @Option(help: "The form of the log, instead of the file's.")
    var logFormat: LogConfiguration.Format?

    mutating func run() async throws {
        var configuration = try ConfigurationFile(path: file).load()
        if let logLevel { configuration.log.level = logLevel }
        if let logFormat { configuration.log.format = logFormat }
        configuration.log.bootstrap()
        var logger = Logger(label: "heliograph")
        if let site = configuration.site { logger[metadataKey: "site"] = "\(site)" }
        do {
            try await RelayServer(configuration: configuration, logger: logger).run()
        } catch {
            logger.error("relay failed", metadata: ["error": "\(error)"])
            throw ExitCode.failure
        }
    }
}

extension LogConfiguration.Level: ExpressibleByArgument {}
extension LogConfiguration.Format: ExpressibleByArgument {}
