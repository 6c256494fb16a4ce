import Ingest
import Testing

@testable import Server

/// Reads a text as `relays.yaml` with an environment and files made of dictionaries.
func load(
    _ text: String,
    environment: [String: String] = [:],
    files: [String: String] = [:],
    file: String = "relays.yaml"
) throws -> RelayConfiguration {
    struct NoSuchFile: Error {}
    return try ConfigurationLoader.load(text: text, file: file, environment: environment) { path in
        guard let content = files[path] else { throw NoSuchFile() }
        return content
    }
}

/// The errors of a text, one string each; empty where it loads.
func errors(
    _ text: String,
    environment: [String: String] = [:],
    files: [String: String] = [:],
    file: String = "relays.yaml"
) -> [String] {
    do {
        _ = try load(text, environment: environment, files: files, file: file)
        return []
    } catch let errors as ConfigurationErrors {
        return errors.errors.map(\.description)
    } catch {
        return ["\(error)"]
    }
}

extension RelayConfiguration {
    /// The pull of a stream; `nil` where there is no such stream or it is none.
    func pull(_ path: String) -> PullConfiguration? {
        for stream in cameras.flatMap(\.streams) where stream.path == path {
            if case .pull(let pull) = stream.source { return pull }
        }
        return nil
    }
}
