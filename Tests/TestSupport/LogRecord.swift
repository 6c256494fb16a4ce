import Logging

/// Every log line, for tests to read.
package final class LogRecord: Sendable {
    private let box = Locked<[String]>([])

    package init() {}

    /// The level, the message, and the fields by name.
    package var lines: [String] { box.value }

    /// Whether a line holds the text.
    package func contains(_ text: String) -> Bool { lines.contains { $0.contains(text) } }

    /// A logger that writes here, whatever the level.
    package var logger: Logger {
        var logger = Logger(label: "test") { [box] _ in Handler(box: box) }
        logger.logLevel = .trace
        return logger
    }

    private struct Handler: LogHandler {
        let box: Locked<[String]>
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.MetadataValue? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            let fields = all.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: " ")
            box.change { $0.append("\(event.level) \(event.message) \(fields)") }
        }
    }
}
