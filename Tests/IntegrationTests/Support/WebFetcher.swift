import Foundation
import FoundationNetworking

/// Fetches over HTTP with libcurl, as Foundation wraps it: connections are kept, nothing is cached.
final class WebFetcher: Sendable {
    struct Answer: Sendable {
        var status: Int
        var body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }
    }

    private let session: URLSession

    init() {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.urlCache = nil
        configuration.httpMaximumConnectionsPerHost = 16
        configuration.timeoutIntervalForRequest = 30
        session = URLSession(configuration: configuration)
    }

    deinit {
        session.invalidateAndCancel()
    }

    func get(_ url: String) async throws -> Answer {
        guard let url = URL(string: url) else { throw URLError(.badURL) }
        let (data, response) = try await session.data(from: url)
        return Answer(status: (response as? HTTPURLResponse)?.statusCode ?? 0, body: Array(data))
    }
}
