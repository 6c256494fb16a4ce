import Logging
import NIOCore
import NIOHTTP1

/// One request over HTTP, with all of its head; it has no body.
package struct WebRequest: Sendable {
    package let method: HTTPMethod
    package let target: WebTarget
    package let headers: HTTPHeaders
    /// Of the peer, without a port.
    package let address: String
    /// The loop of its connection.
    package let eventLoop: any EventLoop
    /// Knows the peer.
    package let logger: Logger

    package init(
        method: HTTPMethod, target: WebTarget, headers: HTTPHeaders, address: String, eventLoop: any EventLoop,
        logger: Logger
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.address = address
        self.eventLoop = eventLoop
        self.logger = logger
    }

    /// Tells viewers apart who have no session: by address and program.
    var viewer: Int {
        var hasher = Hasher()
        hasher.combine(address)
        hasher.combine(headers.first(name: "User-Agent"))
        return hasher.finalize()
    }
}
