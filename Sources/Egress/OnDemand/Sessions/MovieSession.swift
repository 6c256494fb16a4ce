import Logging
import Media
import NIOCore
import RTP
import RTSP
import RTSPTransport
import Reflector

/// One viewer of one movie: carries out what the session's machine decides (loop-confined).
final class MovieSession: ViewerSession {
    let identifier: SessionIdentifier
    /// As the log and the viewer's URLs have it: `media/holiday.mov`.
    let path: String
    let movie: OpenedMovie
    let configuration: PlayConfiguration
    let context: RTSPRequestContext
    let delivery: MovieDelivery
    /// The session is over; called once.
    var onEnd: (() -> Void)?

    var machine: MovieSessionStateMachine
    /// Each track's URL as the viewer wrote it in SETUP: in RTP-Info it finds it again.
    var urls: [Int: String] = [:]
    let claims: DatagramClaims?
    var timer: Scheduled<Void>?
    var visit: ViewerVisit
    /// What receiver reports are about.
    let tracks: [StreamTrack]

    init(
        identifier: SessionIdentifier, path: String, movie: OpenedMovie, catalog: MediaCatalog,
        configuration: PlayConfiguration, context: RTSPRequestContext
    ) {
        self.identifier = identifier
        self.path = path
        self.movie = movie
        self.configuration = configuration
        self.context = context
        delivery = MovieDelivery(movie, catalog: catalog, context: context)
        tracks = zip(movie.program.tracks, delivery.reader.sources).enumerated().map { index, track in
            StreamTrack(index: index, description: track.0.description, ssrc: track.1)
        }
        machine = MovieSessionStateMachine(
            duration: movie.program.duration, timeout: configuration.silence, at: .now())
        claims = context.datagrams.map { DatagramClaims(on: $0, for: context.peer) }
        visit = ViewerVisit(movie: path, logger: context.logger)
        claims?.onReport = { [weak self] report, track in self?.reportReceived(report, track: track) }
        delivery.onProgress = { [weak self] in self?.noteActivity() }
        delivery.onPause = { [weak self] point in self?.pausePointReached(point) }
        delivery.onEnd = { [weak self] failure in self?.movieEnded(failure) }
    }

    /// SETUP of one track, which the viewer calls `url`; `usedChannels` are those of other sessions on the connection.
    func setUp(_ track: Int, by request: RTSPRequest, url: String, usedChannels: Set<UInt8>) -> RTSPResponse {
        let result = machine.setupReceived(
            track: track,
            alternatives: request.headers.transports,
            paths: PlayTransportPaths(
                usedChannels: usedChannels, claimPorts: claims.map { claims in { claims.claim($0, for: track) } })
        )
        switch result {
        case .accept(let transport):
            if transport.isInterleaved { claims?.release(track) }
            urls[track] = url
            if timer == nil { look(in: configuration.silence) }
            return accepted(transport, ssrc: tracks[track].ssrc, timeout: configuration.toldTimeout)
        case .refuse(let refusal):
            return RTSPResponse(refusal)
        }
    }
}
