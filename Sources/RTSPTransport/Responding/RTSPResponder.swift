import NIOCore
import RTSP

/// Answers the requests of one connection; made by the listener's factory at the first message, confined to its loop.
package protocol RTSPResponder: AnyObject {
    /// Answers one request; the next one of this connection comes when the future is complete. A failed future is
    /// answered with 500.
    func respond(to request: RTSPRequest, context: RTSPRequestContext) -> EventLoopFuture<RTSPReply>

    /// Interleaved data from the peer: RTCP receiver reports, or the media of a publisher.
    func received(_ frame: InterleavedFrame)

    /// What was read in one go is over, and there were interleaved data in it.
    func readEnded()

    /// The server stops: the last moment to send a goodbye; the connection is closed soon after.
    func connectionWillClose()

    /// The connection ended, whatever the cause; called exactly once.
    func connectionClosed()
}

extension RTSPResponder {
    package func received(_ frame: InterleavedFrame) {}
    package func readEnded() {}
    package func connectionWillClose() {}
}
