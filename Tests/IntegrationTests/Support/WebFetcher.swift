import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// Fetches over HTTP with the client that comes with NIO: a connection for each request, and nothing is cached.
struct WebFetcher: Sendable {
    struct Answer: Sendable {
        var status: Int
        var body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }
    }

    /// As the tests see it: what is asked for is no URL, or what comes back no whole answer.
    enum Failure: Error {
        case notAnAddress(String)
        case noAnswer(String)
    }

    private static let timeout = TimeAmount.seconds(30)
    private static let mostBytes = 1 << 28

    /// Ends soon where the task is cancelled.
    func get(_ url: String) async throws -> Answer {
        guard let parts = URLComponents(string: url), parts.scheme == "http", let host = parts.host,
            let port = parts.port
        else { throw Failure.notAnAddress(url) }
        let connection = try await connect(host, port)
        let limit = connection.channel.eventLoop.scheduleTask(in: Self.timeout) {
            connection.channel.close(promise: nil)
        }
        defer { limit.cancel() }
        return try await connection.executeThenClose { answers, requests in
            let path = parts.percentEncodedPath + (parts.percentEncodedQuery.map { "?" + $0 } ?? "")
            let fields: HTTPHeaders = ["Host": "\(host):\(port)", "Connection": "close"]
            let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: fields)
            // At once: a server that is quick has answered a bare head, and hung up, before anything follows.
            try await requests.write(contentsOf: [.head(head), .end(nil)])
            for try await answer in answers {
                return Answer(
                    status: Int(answer.head.status.code), body: answer.body.map { Array($0.readableBytesView) } ?? [])
            }
            try Task.checkCancellation()
            throw Failure.noAnswer(url)
        }
    }

    private func connect(
        _ host: String, _ port: Int
    ) async throws -> NIOAsyncChannel<NIOHTTPClientResponseFull, HTTPClientRequestPart> {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHTTPClientHandlers()
                    try pipeline.addHandler(NIOHTTPClientResponseAggregator(maxContentLength: Self.mostBytes))
                    return try NIOAsyncChannel(wrappingChannelSynchronously: channel)
                }
            }
    }
}
