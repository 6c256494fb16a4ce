import Foundation
import FoundationNetworking
import TestSupport

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

    /// Ends soon where the task is cancelled.
    func get(_ url: String) async throws -> Answer {
        guard let url = URL(string: url) else { throw URLError(.badURL) }
        let fetching = Locked<URLSessionDataTask?>(nil)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let task = session.dataTask(with: url) { data, response, error in
                    if let error { return continuation.resume(throwing: error) }
                    continuation.resume(
                        returning: Answer(
                            status: (response as? HTTPURLResponse)?.statusCode ?? 0, body: Array(data ?? Data())))
                }
                fetching.change { $0 = task }
                task.resume()
                if Task.isCancelled { task.cancel() }
            }
        } onCancel: {
            // From another thread: a session waits in cancel() for what resumes the task, which waits until this has returned.
            DispatchQueue.global().async { fetching.value?.cancel() }
        }
    }
}
