import ArgumentParser
import Foundation
import Server

/// The file a command is given.
struct ConfigurationFile {
    /// `EX_CONFIG` of sysexits.h: a service manager need not try again.
    static let exitCode = ExitCode(78)

    let path: String

    /// The configuration; prints what is wrong to standard error and ends with 78 otherwise.
    func load() throws -> RelayConfiguration {
        do {
            return try ConfigurationLoader.load(contentsOf: path)
        } catch {
            try? FileHandle.standardError.write(contentsOf: Data("\(error)\n".utf8))
            throw Self.exitCode
        }
    }
}
