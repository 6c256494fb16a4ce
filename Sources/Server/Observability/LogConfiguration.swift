import Logging

/// What is written to standard error, and in which form.
package struct LogConfiguration: Sendable, Equatable {
    /// The least level that is written.
    package enum Level: String, Sendable, CaseIterable {
        case debug, info, notice, warning, error

        /// The level of the same name in swift-log.
        package var loggerLevel: Logger.Level {
            switch self {
            case .debug: .debug
            case .info: .info
            case .notice: .notice
            case .warning: .warning
            case .error: .error
            }
        }
    }

    /// The form of a line.
    package enum Format: String, Sendable, CaseIterable {
        /// Words and `key=value`, for people and grep.
        case text
        /// One JSON object a line, for collectors.
        case json
    }

    package var level: Level
    package var format: Format

    package init(level: Level = .info, format: Format = .text) {
        self.level = level
        self.format = format
    }
}
