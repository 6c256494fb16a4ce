/// One thing wrong in the configuration: where it stands, what was found and what was expected there.
package struct ConfigurationError: Error, Sendable, Hashable {
    /// As given on the command line.
    package var file: String
    /// Counted from 1; `nil` where the file as a whole is meant.
    package var line: Int?
    /// Counted from 1 in Unicode scalars; `nil` where the file as a whole is meant.
    package var column: Int?
    /// `cameras.gate.transport`; empty where no key is meant.
    package var keyPath: String
    package var found: String
    package var expected: String
    /// What the operator can do, where `expected` does not say it.
    package var hint: String?
}

extension ConfigurationError: CustomStringConvertible {
    /// `relays.yaml:12:5: cameras.gate.transport: found "tpc", expected one of tcp, udp, auto`
    package var description: String {
        var place = file
        if let line, let column { place += ":\(line):\(column)" }
        if !keyPath.isEmpty { place += ": \(keyPath)" }
        return "\(place): found \(found), expected \(expected)" + (hint.map { "; \($0)" } ?? "")
    }
}

/// Everything wrong in the configuration, in the order of the file.
package struct ConfigurationErrors: Error, Sendable, Equatable, CustomStringConvertible {
    package var errors: [ConfigurationError]

    /// One error a line.
    package var description: String {
        errors.map(\.description).joined(separator: "\n")
    }
}
