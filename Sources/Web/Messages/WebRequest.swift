import Logging
import NIOCore
import NIOHTTP1

/// One request over HTTP, with all of its head; it has no body.
package struct WebRequest: Sendable {
    package let method: HTTPMethod
    package let target: WebTarget
    package let headers: HTTPHeaders
    /// The loop of its connection.
    package let eventLoop: any EventLoop
    /// Knows the peer.
    package let logger: Logger

    package init(
        method: HTTPMethod, target: WebTarget, headers: HTTPHeaders, eventLoop: any EventLoop, logger: Logger
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.eventLoop = eventLoop
        self.logger = logger
    }
}
