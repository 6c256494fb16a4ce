import Foundation
import Ingest

extension ConfigurationLoader {
    /// The configuration in a file; throws `ConfigurationErrors`, also where there is no such file, and where one of its movies is
    /// missing if they are to be looked for.
    package static func load(
        contentsOf path: String,
        checkingMovies: Bool = false,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(ConfigurationErrors) -> RelayConfiguration {
        let text: String
        do {
            text = try read(path)
        } catch let error as UnreadableFile {
            throw ConfigurationErrors(path, found: error.found, expected: "a readable file", hint: error.hint)
        } catch {
            throw ConfigurationErrors(path, found: "a file that cannot be read", expected: "a readable file")
        }
        return try load(
            text: text, file: path, environment: environment, movies: checkingMovies ? .system : nil, readFile: read)
    }

    private struct UnreadableFile: Error {
        var found: String
        var hint: String?
    }

    /// Reads no more than the size limit, so that a device or a huge file does no harm.
    private static func read(_ path: String) throws -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let reason = String(cString: strerror(errno)).lowercased()
            throw UnreadableFile(found: reason, hint: "give the path of relays.yaml")
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while bytes.count <= sizeLimit {
            let count = chunk.withUnsafeMutableBytes { Foundation.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw UnreadableFile(found: String(cString: strerror(errno)).lowercased(), hint: nil)
            }
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        guard bytes.count <= sizeLimit else {
            throw UnreadableFile(found: "more than \(sizeLimit) bytes", hint: "is this the right file?")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw UnreadableFile(found: "bytes that are not UTF-8", hint: "save the file as UTF-8")
        }
        return text
    }
}
