import Logging
import NIOCore
import RTSP
import RTSPTransport

/// Answers the requests of one connection that are about movies; all others are left to others. Confined to its loop.
package final class MovieRouter {
    /// What players call a track in a URL, beside what they are told: `streamid=` is what ffmpeg writes into the movies it hints.
    private static let trackNames = ["trackID", "streamid", "track"]

    let catalog: MediaCatalog
    let configuration: PlayConfiguration
    let context: RTSPRequestContext
    var sessions: SessionTable<MovieSession>
    var isClosed = false
    /// Interleaved channels that are taken on this connection by sessions of others.
    package var foreignChannels: () -> Set<UInt8> = { [] }
    /// What was looked at last, until its last session ends: DESCRIBE, SETUP and PLAY open it once.
    var latest: OpenedMovie?
    private let asker = MovieAsker()
    private var hasToldOfRefusal = false

    /// A router for the connection of `context`; `generator` makes session ids and must not be guessable.
    package init(
        catalog: MediaCatalog,
        configuration: PlayConfiguration = PlayConfiguration(),
        context: RTSPRequestContext,
        generator: any RandomNumberGenerator = SystemRandomNumberGenerator()
    ) {
        self.catalog = catalog
        self.configuration = configuration
        self.context = context
        sessions = SessionTable(generator: generator)
    }

    /// Interleaved channels of the sessions here.
    package var channels: Set<UInt8> { sessions.channels() }

    /// The answer to a request about a movie; `nil` where it is about something else.
    package func respond(to request: RTSPRequest) -> EventLoopFuture<RTSPReply>? {
        let named = sessions.named(by: request)
        named?.noteActivity()
        // What there is to ask is for the whole connection.
        if request.method == .options { return nil }
        let target = RequestTarget(unchecked: request.uri, trackNames: Self.trackNames)
        let name = target.isAsterisk ? nil : catalog.configuration.name(at: target.path)
        guard named != nil || name != nil else { return nil }
        switch request.method {
        case .describe, .setup: if name == nil { return nil }
        case .play, .pause, .teardown, .getParameter, .setParameter: break
        default: return nil
        }
        if let refusal = RTSPResponse.refusal(of: request) { return context.answer(refusal) }
        if request.method == .getParameter || request.method == .setParameter {
            guard named != nil || request.headers["Session"] == nil else {
                return context.answer(RTSPResponse(.sessionNotFound))
            }
            return context.answer(.toParameter(request, session: named?.identifier))
        }
        // What leads out of the folder is no movie.
        guard target.isSafe else { return context.answer(RTSPResponse(.forbidden)) }
        switch request.method {
        case .describe: return describe(name ?? "", target, request)
        case .setup: return setUp(name ?? "", target, request)
        default: return control(target, request)
        }
    }

    /// `false` for a frame that is none of a viewer of movies.
    package func take(_ frame: InterleavedFrame) -> Bool {
        for session in sessions.all where session.take(frame) { return true }
        return false
    }

    /// The server stops.
    package func connectionWillClose() {
        asker.leave()
        for session in sessions.all { session.serverStops() }
    }

    /// The connection ended, whatever the cause.
    package func connectionClosed() {
        isClosed = true
        asker.leave()
        latest = nil
        for session in sessions.all { session.connectionClosed() }
    }

    // MARK: Movies

    /// Opens the movie of that name, and answers with what is wrong where it cannot be had; `asDescribed`: of a file that grows, as it was
    /// when the viewer was told of it.
    func open(
        _ name: String, asDescribed: Bool = false, then answer: @escaping (OpenedMovie) -> RTSPResponse
    ) -> EventLoopFuture<RTSPReply> {
        let promise = context.eventLoop.makePromise(of: RTSPReply.self)
        catalog.open(name, for: asker, on: context.eventLoop).assumeIsolated().whenComplete { result in
            switch result {
            case .success(let opened):
                let movie = asDescribed ? opened.known(from: self.latest) : opened
                self.latest = self.isClosed ? nil : movie
                promise.assumeIsolated().succeed(RTSPReply(answer(movie)))
            case .failure(let error as MediaRefusal):
                if self.asker.waits { self.log(error, name) }
                promise.assumeIsolated().succeed(RTSPReply(error.status))
            case .failure:
                promise.assumeIsolated().succeed(.unavailable)
            }
        }
        return promise.futureResult
    }

    private func log(_ refusal: MediaRefusal, _ name: String) {
        // Who asks again and again is not to fill the log.
        context.logger.log(
            level: hasToldOfRefusal ? .debug : .notice, "movie refused",
            metadata: ["movie": "\(Self.shortened(name))", "reason": "\(refusal.reason)"])
        hasToldOfRefusal = true
    }

    /// A name that a stranger made up.
    private static func shortened(_ name: String) -> String {
        name.utf8.count <= 100 ? name : String(decoding: name.utf8.prefix(100), as: UTF8.self) + "…"
    }

    // MARK: Sessions

    /// From here on the session is the viewer's.
    func add(_ session: MovieSession) {
        sessions[session.identifier] = session
        context.control.sessionBegan()
        let identifier = session.identifier
        session.onEnd = { [weak self] in
            guard let self else { return }
            sessions[identifier] = nil
            if sessions.count == 0 { latest = nil }
            context.control.sessionEnded()
        }
    }
}
