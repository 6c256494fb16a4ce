import Foundation

/// A program of somebody else's that judges what we made: `ffmpeg`, `ffprobe`.
package struct OutsideTool: Sendable {
    /// The program did not end well; the text is what it wrote to standard error.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String

        package init(description: String) {
            self.description = description
        }
    }

    /// The program's name, found in `PATH`.
    package let name: String

    package init(_ name: String) {
        self.name = name
    }

    /// Runs the program to its end and returns its standard output; throws `Failure` on any exit status but 0.
    package func output(_ arguments: [String], in directory: URL) async throws -> [UInt8] {
        let identifier = UUID().uuidString
        let output = directory.appendingPathComponent("\(identifier).out")
        let errors = directory.appendingPathComponent("\(identifier).err")
        try Data().write(to: output)
        try Data().write(to: errors)

        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [name] + arguments
        process.currentDirectoryURL = directory
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        let status = try await withCheckedThrowingContinuation { (ended: CheckedContinuation<Int32, any Error>) in
            process.terminationHandler = { ended.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { ended.resume(throwing: error) }
        }
        guard status == 0 else {
            let text = String(decoding: try Data(contentsOf: errors), as: UTF8.self)
            throw Failure(description: "\(name) ended with \(status): \(text)")
        }
        return Array(try Data(contentsOf: output))
    }

    /// Runs the program and returns the lines it wrote, empty ones left out.
    package func lines(_ arguments: [String], in directory: URL) async throws -> [String] {
        String(decoding: try await output(arguments, in: directory), as: UTF8.self)
            .split(whereSeparator: \.isNewline)
            .map(String.init)
    }
}

/// Gives `body` an empty directory that is gone afterwards.
package func withTemporaryDirectory<Result>(_ body: (URL) async throws -> Result) async throws -> Result {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("heliograph-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    return try await body(directory)
}
