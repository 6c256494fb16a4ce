import Foundation
import Logging

/// Where lines go, one whole line a call.
typealias LogWriter = @Sendable (String) -> Void

/// A handler that gives each event to a writer as one line.
struct RelayLogHandler: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    private let format: LogConfiguration.Format
    private let write: LogWriter
    private let milliseconds: @Sendable () -> Int64

    init(
        _ configuration: LogConfiguration,
        metadataProvider: Logger.MetadataProvider? = nil,
        milliseconds: @escaping @Sendable () -> Int64 = { Self.wallClock() },
        write: @escaping LogWriter = { StandardError.log($0) }
    ) {
        logLevel = configuration.level.loggerLevel
        format = configuration.format
        self.metadataProvider = metadataProvider
        self.milliseconds = milliseconds
        self.write = write
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let line = LogLine(
            milliseconds: milliseconds(),
            level: event.level,
            message: event.message.description,
            metadata: merged(event)
        )
        switch format {
        case .text: write(line.text)
        case .json: write(line.json)
        }
    }

    /// Who speaks comes before what is said; the later word for a key wins.
    private func merged(_ event: LogEvent) -> [(key: String, value: Logger.MetadataValue)] {
        let bound = metadata.merging(metadataProvider?.get() ?? [:]) { _, provided in provided }
        var own = event.metadata ?? [:]
        if let error = event.error, own["error"] == nil { own["error"] = .string("\(error)") }
        let identity = bound.filter { own[$0.key] == nil }
        return [identity, own].flatMap { part in part.sorted { $0.key < $1.key }.map { (key: $0.key, value: $0.value) }
        }
    }

    private static func wallClock() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}

extension LogConfiguration {
    /// Sends everything logged in this process to standard error in this form; once a process.
    package func bootstrap() {
        LoggingSystem.bootstrap(
            { _, provider in RelayLogHandler(self, metadataProvider: provider) },
            metadataProvider: nil
        )
    }
}
