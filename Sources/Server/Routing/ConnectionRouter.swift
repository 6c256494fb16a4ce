import Egress
import Ingest
import NIOCore
import RTSP
import RTSPTransport

/// Answers the requests of one connection: a publisher's are Ingest's, all others Egress', for movies or streams (loop-confined).
///
/// None knows the others; a connection may have sessions of all.
final class ConnectionRouter: RTSPResponder {
    private let publishing: AnnounceRouter
    /// `nil` where there are no movies.
    private let movies: MovieRouter?
    private let viewing: RTSPRouter

    init(publishing: AnnounceRouter, movies: MovieRouter?, viewing: RTSPRouter) {
        self.publishing = publishing
        self.movies = movies
        self.viewing = viewing
        guard let movies else { return }
        viewing.foreignChannels = { [unowned movies] in movies.channels }
        movies.foreignChannels = { [unowned viewing] in viewing.channels }
    }

    func respond(to request: RTSPRequest, context: RTSPRequestContext) -> EventLoopFuture<RTSPReply> {
        publishing.respond(to: request) ?? movies?.respond(to: request)
            ?? viewing.respond(to: request, context: context)
    }

    func received(_ frame: InterleavedFrame) {
        if publishing.take(frame) || movies?.take(frame) == true { return }
        viewing.received(frame)
    }

    func readEnded() {
        publishing.readEnded()
    }

    func connectionWillClose() {
        publishing.connectionWillClose()
        movies?.connectionWillClose()
        viewing.connectionWillClose()
    }

    func connectionClosed() {
        publishing.connectionClosed()
        movies?.connectionClosed()
        viewing.connectionClosed()
    }
}
