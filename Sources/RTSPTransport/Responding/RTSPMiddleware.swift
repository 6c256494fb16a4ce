import NIOCore
import RTSP

/// One step on the way of a request to its responder: it may answer itself, pass on, or change what comes back.
package protocol RTSPMiddleware: Sendable {
    /// The rest of the way.
    typealias Next = (RTSPRequest, RTSPRequestContext) -> EventLoopFuture<RTSPReply>

    /// Handles one request on the connection's loop; the future must complete on that loop.
    func handle(
        _ request: RTSPRequest,
        context: RTSPRequestContext,
        next: @escaping Next
    ) -> EventLoopFuture<RTSPReply>
}

/// The middleware of a listener, first to last.
package struct RTSPMiddlewareChain: Sendable {
    private let links: [any RTSPMiddleware]

    /// A chain of these links; an empty one asks the responder alone.
    package init(_ links: [any RTSPMiddleware]) {
        self.links = links
    }

    /// Sends a request through every link to `responder`.
    package func respond(
        to request: RTSPRequest,
        context: RTSPRequestContext,
        responder: any RTSPResponder
    ) -> EventLoopFuture<RTSPReply> {
        respond(to: request, context: context, responder: responder, from: links.startIndex)
    }

    private func respond(
        to request: RTSPRequest,
        context: RTSPRequestContext,
        responder: any RTSPResponder,
        from index: Int
    ) -> EventLoopFuture<RTSPReply> {
        guard index < links.endIndex else { return responder.respond(to: request, context: context) }
        return links[index].handle(request, context: context) { request, context in
            respond(to: request, context: context, responder: responder, from: index + 1)
        }
    }
}
