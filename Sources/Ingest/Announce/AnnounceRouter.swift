import Logging
import Media
import NIOCore
import RTSP
import RTSPTransport
import Reflector

/// Answers the requests of publishers on one connection; those of viewers are left to others. Confined to its loop.
package final class AnnounceRouter {
    /// What an OPTIONS request is told of publishing (RFC 2326 §10.1).
    package static let methods: [RTSPMethod] = [.announce, .record]

    let paths: PublishingPaths
    let context: RTSPRequestContext
    let timeout: TimeAmount
    /// One connection has one publisher.
    var session: AnnounceSession?
    private var isClosed = false
    private var generator: any RandomNumberGenerator

    /// `timeout` ends a session that was set up and does not record; `generator` makes session ids.
    package init(
        paths: PublishingPaths,
        timeout: TimeAmount = .seconds(60),
        context: RTSPRequestContext,
        generator: any RandomNumberGenerator = SystemRandomNumberGenerator()
    ) {
        self.paths = paths
        self.timeout = timeout
        self.context = context
        self.generator = generator
    }

    /// The answer to a request of a publisher; `nil` where it is none of one.
    package func respond(to request: RTSPRequest) -> EventLoopFuture<RTSPReply>? {
        switch request.method {
        case .announce, .record: break
        case .setup: guard asksToRecord(request) else { return nil }
        case .play, .pause, .teardown, .getParameter, .setParameter: guard isOurs(request) else { return nil }
        // What keeps a session alive is for all sessions of the connection.
        case .options:
            if isOurs(request) { session?.noteActivity() }
            return nil
        default: return nil
        }
        if let refusal = RTSPResponse.refusal(of: request) { return context.answer(refusal) }
        if request.method == .announce { return announce(request) }
        return respondInSession(to: request)
    }

    /// `false` for a frame that is none of a publisher's.
    package func take(_ frame: InterleavedFrame) -> Bool {
        session?.take(frame) ?? false
    }

    /// What was read in one go is over.
    package func readEnded() {
        session?.handOver()
    }

    /// The server stops.
    package func connectionWillClose() {
        session?.serverStops()
    }

    /// The connection ended, whatever the cause.
    package func connectionClosed() {
        isClosed = true
        session?.connectionClosed()
    }

    // MARK: Whose request it is

    /// It names the session, or one of its URLs and no session at all.
    private func isOurs(_ request: RTSPRequest) -> Bool {
        guard let session else { return false }
        guard let named = request.headers.session else { return session.targets.scope(of: request.uri) != nil }
        return named.id == session.identifier.rawValue
    }

    /// The transport says it, or leaves it open on a URL that was announced here.
    private func asksToRecord(_ request: RTSPRequest) -> Bool {
        let modes = request.headers.transports.compactMap(\.mode)
        if modes.contains("record") { return true }
        return modes.isEmpty && isOurs(request)
    }

    private func respondInSession(to request: RTSPRequest) -> EventLoopFuture<RTSPReply> {
        guard let session else {
            let refusal =
                request.headers["Session"] == nil
                ? SessionRefusal.methodNotValid(allow: RecordSessionStateMachine.allowedInitially) : .sessionNotFound
            return context.answer(RTSPResponse(refusal))
        }
        if let named = request.headers.session, named.id != session.identifier.rawValue {
            return context.answer(RTSPResponse(.sessionNotFound))
        }
        session.noteActivity()
        if request.method == .getParameter || request.method == .setParameter {
            return context.answer(.toParameter(request, session: session.identifier))
        }
        guard let scope = session.targets.scope(of: request.uri) else {
            return context.answer(RTSPResponse(.notFound))
        }
        switch request.method {
        case .setup: return session.setUp(scope, by: request)
        case .pause: return context.answer(session.pause(scope))
        case .teardown: return context.answer(session.tearDown(scope))
        // RECORD, or PLAY as publishers of the Darwin server have it.
        default: return session.record(scope)
        }
    }

    // MARK: Sessions

    /// `nil` where the connection ended meanwhile: the lease is given back.
    func begin(_ announced: AnnouncedTracks, at uri: String, lease: PublishingPaths.Lease) -> AnnounceSession? {
        guard !isClosed else {
            lease.release(wasUsed: false)
            return nil
        }
        let session = AnnounceSession(
            identifier: SessionIdentifier(using: &generator),
            targets: RecordTargets(
                announced: uri, sessionControl: announced.sessionControl, controls: announced.tracks.map(\.control)),
            announced: announced,
            lease: lease,
            timeout: timeout,
            context: context
        )
        self.session = session
        session.onEnd = { [weak self] reason in self?.ended(reason) }
        return session
    }

    private func ended(_ reason: PublisherEnd) {
        session = nil
        switch reason {
        case .teardown, .connectionClosed, .announcedAnew, .serverStops: break
        // A publisher notices the end of its connection at once.
        case .idle, .silent, .quiet, .stalled, .goodbye, .takenOver: context.control.close()
        }
    }
}
