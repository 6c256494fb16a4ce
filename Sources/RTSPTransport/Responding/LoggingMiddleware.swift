import NIOCore
import RTSP

/// One debug line per request: method, path, status and milliseconds. Queries and user names may be secrets: not logged.
package struct LoggingMiddleware: RTSPMiddleware {
    /// Logs with the logger of each request's context.
    package init() {}

    package func handle(
        _ request: RTSPRequest,
        context: RTSPRequestContext,
        next: @escaping Next
    ) -> EventLoopFuture<RTSPReply> {
        guard context.logger.logLevel <= .debug else { return next(request, context) }
        let begin = NIODeadline.now()
        let method = request.method.rawValue
        let path = Self.path(of: request.uri)
        let logger = context.logger
        let answer = next(request, context)
        answer.assumeIsolated().whenComplete { result in
            let status =
                switch result {
                case .success(let reply): reply.response.status.code
                case .failure: RTSPStatus.internalServerError.code
                }
            let milliseconds = (NIODeadline.now() - begin).nanoseconds / 1_000_000
            logger.debug(
                "request answered",
                metadata: ["method": "\(method)", "path": "\(path)", "status": "\(status)", "ms": "\(milliseconds)"]
            )
        }
        return answer
    }

    /// The path of a request URI: without scheme, user, host and query.
    package static func path(of uri: String) -> String {
        var rest = uri[...].utf8
        if let end = rest.firstIndex(where: { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }) {
            rest = rest[..<end]
        }
        if let scheme = rest.firstRange(of: Array("://".utf8)) {
            rest = rest[scheme.upperBound...]
            // A password may hold a raw slash: what stands before the last @ is never part of a path.
            if let at = rest.lastIndex(of: UInt8(ascii: "@")) { rest = rest[rest.index(after: at)...] }
            guard let slash = rest.firstIndex(of: UInt8(ascii: "/")) else { return "/" }
            rest = rest[slash...]
        }
        return String(Substring(rest))
    }
}
