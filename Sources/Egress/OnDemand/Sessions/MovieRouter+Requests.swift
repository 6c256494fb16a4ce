import ISOMedia
import Media
import NIOCore
import RTSP
import RTSPTransport

extension MovieRouter {
    /// DESCRIBE (RFC 2326 §10.2), with the date of the file: who knows it as it is gets 304 (§12.23).
    func describe(_ name: String, _ target: RequestTarget, _ request: RTSPRequest) -> EventLoopFuture<RTSPReply> {
        // A track is described with its movie only.
        guard target.track == nil, !name.isEmpty else { return context.answer(RTSPResponse(.notFound)) }
        guard request.headers.accepts(SessionDescription.contentType) else {
            return context.answer(RTSPResponse(.notAcceptable))
        }
        let known = request.headers["If-Modified-Since"].flatMap { HTTPDate(parsing: $0) }
        return open(name) { movie in
            let modified = HTTPDate(unixSeconds: movie.modified)
            if let known, modified.unixSeconds <= known.unixSeconds {
                var response = RTSPResponse(.notModified)
                response.headers.add("Last-Modified", modified.serialized)
                return response
            }
            var response = RTSPResponse(.ok)
            response.headers.add("Content-Type", SessionDescription.contentType)
            response.headers.add("Content-Base", self.context.base(of: request.uri))
            response.headers.add("Last-Modified", modified.serialized)
            let description = movie.program.sessionDescription(
                title: target.path, identifier: movie.sessionDescriptionIdentifier,
                version: UInt64(max(0, movie.modified)), from: self.context.local.ipAddress ?? "0.0.0.0")
            response.body.writeString(description)
            return response
        }
    }

    /// SETUP makes a session, or adds a track to the one it names; a DESCRIBE before it is not needed.
    func setUp(_ name: String, _ target: RequestTarget, _ request: RTSPRequest) -> EventLoopFuture<RTSPReply> {
        guard request.headers["Transport"] != nil else { return context.answer(RTSPResponse(.badRequest)) }
        guard !name.isEmpty else { return context.answer(RTSPResponse(.notFound)) }
        guard request.headers["Session"] == nil else {
            guard let session = sessions.named(by: request) else {
                return context.answer(RTSPResponse(.sessionNotFound))
            }
            // One session is one movie.
            guard isAbout(session, target) else {
                return context.answer(RTSPResponse(SessionRefusal.aggregateOperationNotAllowed))
            }
            return context.answer(setUp(target, in: session, request))
        }
        guard sessions.count < configuration.sessionsPerConnection else { return context.answer(.unavailable) }
        return open(name, asDescribed: true) { movie in
            guard !self.isClosed else { return RTSPResponse(.sessionNotFound) }
            let session = MovieSession(
                identifier: self.sessions.makeIdentifier(), path: "\(self.catalog.configuration.path)/\(name)",
                movie: movie,
                catalog: self.catalog, configuration: self.configuration, context: self.context)
            let response = self.setUp(target, in: session, request)
            if response.status == .ok { self.add(session) }
            return response
        }
    }

    private func setUp(_ target: RequestTarget, in session: MovieSession, _ request: RTSPRequest) -> RTSPResponse {
        let tracks = session.movie.program.tracks
        // The only track of a movie may go by the movie's own URL.
        guard let index = target.track ?? (tracks.count == 1 ? 0 : nil) else {
            return RTSPResponse(SessionRefusal.aggregateOperationNotAllowed)
        }
        guard tracks.indices.contains(index) else { return RTSPResponse(.notFound) }
        return session.setUp(
            index, by: request, url: context.absolute(request.uri),
            usedChannels: sessions.channels(besides: session.identifier).union(foreignChannels()))
    }

    /// PLAY, PAUSE and TEARDOWN.
    func control(_ target: RequestTarget, _ request: RTSPRequest) -> EventLoopFuture<RTSPReply> {
        let session: MovieSession
        do {
            session = try sessions.session(of: request) { isAbout($0, target) }
        } catch {
            return context.answer(RTSPResponse(error))
        }
        let scope = target.track.map { SessionScope.track($0) } ?? .aggregate
        switch request.method {
        case .play: return session.play(scope, by: request)
        case .pause: return context.answer(session.pause(scope, by: request))
        default: return context.answer(session.tearDown(scope))
        }
    }

    private func isAbout(_ session: MovieSession, _ target: RequestTarget) -> Bool {
        guard let name = catalog.configuration.name(at: target.path) else { return false }
        return session.path == "\(catalog.configuration.path)/\(name)"
    }
}
