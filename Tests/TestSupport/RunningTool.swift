import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A program of somebody else's while it runs; it never outlives the test that started it.
package final class RunningTool: Sendable {
    /// How the program ended, and what it wrote.
    package struct Ended: Sendable {
        package let status: Int32
        /// Standard output, empty lines left out.
        package let lines: [String]
        /// Standard error, empty lines left out.
        package let complaints: [String]
    }

    private let name: String
    private let process: Process
    private let status: EventLoopFuture<Int32>
    private let output: URL
    private let errors: URL

    fileprivate init(_ name: String, _ arguments: [String], in directory: URL) throws {
        guard Self.isInstalled(name) else {
            throw OutsideTool.Failure(description: "\(name) is missing; deploy/install test installs it")
        }
        self.name = name
        let identifier = UUID().uuidString
        output = directory.appendingPathComponent("\(identifier).out")
        errors = directory.appendingPathComponent("\(identifier).err")
        try Data().write(to: output)
        try Data().write(to: errors)
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [name] + arguments
        process.currentDirectoryURL = directory
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        let ended = MultiThreadedEventLoopGroup.singleton.next().makePromise(of: Int32.self)
        status = ended.futureResult
        process.terminationHandler = { ended.succeed($0.terminationStatus) }
        do {
            try Self.withoutBlockedSignals { try process.run() }
        } catch {
            ended.fail(error)
            throw error
        }
    }

    deinit {
        end()
    }

    /// Threads of a pool block all signals, and a child inherits that: it would not hear an interrupt.
    private static func withoutBlockedSignals(_ body: () throws -> Void) rethrows {
        var none = sigset_t()
        var blocked = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &blocked)
        defer { pthread_sigmask(SIG_SETMASK, &blocked, nil) }
        try body()
    }

    private static func isInstalled(_ name: String) -> Bool {
        if name.hasPrefix("/") { return FileManager.default.isExecutableFile(atPath: name) }
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return path.split(separator: ":").contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
    }

    /// Standard output so far, empty lines left out.
    package var lines: [String] { Self.lines(of: output) }

    /// Standard error so far, empty lines left out.
    package var complaints: [String] { Self.lines(of: errors) }

    private static func lines(of file: URL) -> [String] {
        String(decoding: (try? Data(contentsOf: file)) ?? Data(), as: UTF8.self)
            .split(whereSeparator: \.isNewline)
            .map(String.init)
    }

    /// As Control-C does.
    package func interrupt() {
        if process.isRunning { kill(process.processIdentifier, SIGINT) }
    }

    /// As a terminal does that goes away, and who has moved the files of a log.
    package func hangUp() {
        if process.isRunning { kill(process.processIdentifier, SIGHUP) }
    }

    /// Does nothing from here on, and says nothing, as a program that hangs, or a machine that sleeps.
    package func halt() {
        if process.isRunning { kill(process.processIdentifier, SIGSTOP) }
    }

    /// Goes on after `halt()`.
    package func wake() {
        if process.isRunning { kill(process.processIdentifier, SIGCONT) }
    }

    package var isRunning: Bool { process.isRunning }

    /// Ends the program, which may be one that would go on for ever.
    package func stop() async {
        end()
        _ = try? await status.get()
    }

    private func end() {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    /// Waits for the end of the program; one that takes longer is killed, and that is a `Failure`.
    package func ended(within bound: TimeAmount) async throws -> Ended {
        let isLate = NIOLockedValueBox(false)
        let timeout = status.eventLoop.scheduleTask(in: bound) {
            isLate.withLockedValue { $0 = true }
            self.end()
        }
        let status = try await withTaskCancellationHandler {
            try await self.status.get()
        } onCancel: {
            self.end()
        }
        timeout.cancel()
        guard !isLate.withLockedValue(\.self) else {
            throw OutsideTool.Failure(description: "\(name) took longer than \(bound): \(complaints + lines.suffix(5))")
        }
        return Ended(status: status, lines: lines, complaints: complaints)
    }
}

extension OutsideTool {
    /// Starts the program; throws `Failure` where it is not installed.
    package func start(_ arguments: [String], in directory: URL) throws -> RunningTool {
        try RunningTool(name, arguments, in: directory)
    }
}
