import Egress
import Ingest
import NIOCore
import RTSP
import RTSPTransport

/// Answers the requests of one connection: a publisher's are Ingest's, all others Egress' (loop-confined).
///
/// Neither knows the other; a connection may have sessions of both.
final class ConnectionRouter: RTSPResponder {
    private let publishing: AnnounceRouter
    private let viewing: RTSPRouter

    init(publishing: AnnounceRouter, viewing: RTSPRouter) {
        self.publishing = publishing
        self.viewing = viewing
    }

    func respond(to request: RTSPRequest, context: RTSPRequestContext) -> EventLoopFuture<RTSPReply> {
        publishing.respond(to: request) ?? viewing.respond(to: request, context: context)
    }

    func received(_ frame: InterleavedFrame) {
        if !publishing.take(frame) { viewing.received(frame) }
    }

    func readEnded() {
        publishing.readEnded()
    }

    func connectionWillClose() {
        publishing.connectionWillClose()
        viewing.connectionWillClose()
    }

    func connectionClosed() {
        publishing.connectionClosed()
        viewing.connectionClosed()
    }
}
