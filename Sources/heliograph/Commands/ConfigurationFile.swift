import ArgumentParser
import Foundation
import Server

/// The file a command is given.
struct ConfigurationFile {
    /// `EX_CONFIG` of sysexits.h: a service manager need not try again.
    static let exitCode = ExitCode(78)

    let path: String

    /// The configuration; prints what is wrong to standard error and ends with 78 otherwise.
    ///
    /// The files of a certificate, and movies, are part of it where they are looked into: a relay that starts reads them itself, and
    /// may find them at the next try.
    func load(checkingFiles: Bool = false) throws -> RelayConfiguration {
        do {
            let configuration = try ConfigurationLoader.load(contentsOf: path, checkingMovies: checkingFiles)
            if checkingFiles {
                try configuration.certificate?.check(at: Int64(Date().timeIntervalSince1970))
            }
            return configuration
        } catch {
            try? FileHandle.standardError.write(contentsOf: Data("\(error)\n".utf8))
            throw Self.exitCode
        }
    }
}
