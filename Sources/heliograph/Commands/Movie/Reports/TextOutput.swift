import ArgumentParser
import Foundation

/// Standard output, written to in large pieces.
struct TextOutput: ~Copyable {
    private var pending = ""

    mutating func line(_ text: String) throws {
        pending += text
        pending += "\n"
        if pending.utf8.count >= 65_536 { try flush() }
    }

    /// Ends with 1 where nobody reads it any more.
    mutating func flush() throws {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(pending.utf8))
        } catch {
            throw ExitCode.failure
        }
        pending = ""
    }

    /// One object or list on lines of their own.
    mutating func json(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        try line(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}

extension String {
    /// Filled up with spaces before.
    func right(_ width: Int) -> String {
        String(repeating: " ", count: max(0, width - count)) + self
    }

    /// Filled up with spaces behind.
    func left(_ width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }

    /// As it stands in a JSON string, of what has no control characters.
    var quoted: String {
        "\"" + replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    /// What a file says, fit for a terminal: no control characters.
    var printable: String {
        String(String.UnicodeScalarView(unicodeScalars.map { $0.properties.generalCategory == .control ? "." : $0 }))
    }
}
