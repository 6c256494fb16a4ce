import NIOCore
import RTSP
import RTSPTransport
import Reflector

// SETUP, and what is asked of a session that exists.
extension RTSPRouter {
    /// SETUP makes a session, or adds a track to the one it names; a DESCRIBE before it is not needed.
    func setUp(_ target: RequestTarget, _ request: RTSPRequest) -> EventLoopFuture<RTSPReply> {
        guard !target.isAsterisk, request.headers["Transport"] != nil else {
            return context.answer(RTSPResponse(.badRequest))
        }
        guard let stream = stream(at: target) else { return context.answer(RTSPResponse(.notFound)) }
        guard request.headers["Session"] == nil else {
            guard let session = sessions.named(by: request) else {
                return context.answer(RTSPResponse(.sessionNotFound))
            }
            // One session is one stream: others cannot play in step with it.
            guard session.stream === stream else {
                return context.answer(RTSPResponse(SessionRefusal.aggregateOperationNotAllowed))
            }
            return context.answer(setUp(target, in: session, request))
        }
        guard sessions.count < configuration.sessionsPerConnection else { return context.answer(.unavailable) }
        return snapshot(of: stream, for: request) { snapshot in
            guard !self.isClosed else { return self.context.answer(RTSPResponse(.sessionNotFound)) }
            let session = PlaySession(
                identifier: self.sessions.makeIdentifier(),
                stream: stream,
                tracks: snapshot.tracks,
                via: request.headers.via.namesRelay ? snapshot.via : nil,
                configuration: self.configuration,
                groups: self.groups,
                context: self.context
            )
            let response = self.setUp(target, in: session, request)
            if response.status == .ok { self.add(session) }
            return self.context.answer(response)
        }
    }

    private func setUp(_ target: RequestTarget, in session: PlaySession, _ request: RTSPRequest) -> RTSPResponse {
        // The only track of a stream may go by the stream's own URL.
        guard let index = target.track ?? (session.tracks.count == 1 ? session.tracks.first?.index : nil) else {
            return RTSPResponse(SessionRefusal.aggregateOperationNotAllowed)
        }
        guard let track = session.tracks.first(where: { $0.index == index }) else { return RTSPResponse(.notFound) }
        return session.setUp(
            track,
            by: request,
            url: context.absolute(request.uri),
            usedChannels: sessions.channels(besides: session.identifier).union(foreignChannels())
        )
    }

    func play(_ target: RequestTarget, _ request: RTSPRequest) -> EventLoopFuture<RTSPReply> {
        do {
            return try session(of: request, at: target).play(target.scope, by: request)
        } catch {
            return context.answer(RTSPResponse(error))
        }
    }

    func pause(_ target: RequestTarget, _ request: RTSPRequest) -> RTSPResponse {
        do {
            return try session(of: request, at: target).pause(target.scope)
        } catch {
            return RTSPResponse(error)
        }
    }

    func tearDown(_ target: RequestTarget, _ request: RTSPRequest) -> RTSPResponse {
        do {
            return try session(of: request, at: target).tearDown(target.scope)
        } catch {
            return RTSPResponse(error)
        }
    }

    private func session(of request: RTSPRequest, at target: RequestTarget) throws(SessionRefusal) -> PlaySession {
        let path = StreamPath(target.path)
        return try sessions.session(of: request) { $0.stream.path == path }
    }
}

extension RequestTarget {
    fileprivate var scope: SessionScope { track.map { .track($0) } ?? .aggregate }
}
