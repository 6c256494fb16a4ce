import Media
import NIOCore
import RTSP
import RTSPTransport
import Reflector

/// Answers the viewers' requests of one connection: what there is to see, and the sessions that see it (loop-confined).
package final class RTSPRouter: RTSPResponder {
    /// What an OPTIONS request is told (RFC 2326 §10.1).
    package static let methods: [RTSPMethod] = [
        .options, .describe, .setup, .play, .pause, .getParameter, .setParameter, .teardown,
    ]

    private let methods: [RTSPMethod]

    let directory: StreamDirectory
    let configuration: PlayConfiguration
    /// `nil` where no stream is sent by multicast.
    let groups: MulticastGroups?
    let context: RTSPRequestContext
    var sessions: SessionTable<PlaySession>
    var isClosed = false
    /// Interleaved channels that are taken on this connection by sessions of others.
    package var foreignChannels: () -> Set<UInt8> = { [] }
    /// The log has it at notice that this connection is one of a ring.
    var hasToldOfLoop = false

    /// A router for the connection of `context`; `generator` makes session ids and must not be guessable. `methods` are all
    /// that the connection is answered, by whomever; without `groups` nothing is sent by multicast.
    package init(
        directory: StreamDirectory,
        configuration: PlayConfiguration = PlayConfiguration(),
        groups: MulticastGroups? = nil,
        methods: [RTSPMethod] = RTSPRouter.methods,
        context: RTSPRequestContext,
        generator: any RandomNumberGenerator = SystemRandomNumberGenerator()
    ) {
        self.directory = directory
        self.configuration = configuration
        self.groups = groups
        self.methods = methods
        self.context = context
        sessions = SessionTable(generator: generator)
    }

    package func respond(to request: RTSPRequest, context: RTSPRequestContext) -> EventLoopFuture<RTSPReply> {
        sessions.named(by: request)?.noteActivity()
        if let refusal = RTSPResponse.refusal(of: request) { return context.answer(refusal) }
        if request.method == .options { return context.answer(options()) }
        guard let target = RequestTarget(request.uri) else { return context.answer(RTSPResponse(.badRequest)) }
        switch request.method {
        case .describe: return describe(target, request)
        case .setup: return setUp(target, request)
        case .play: return play(target, request)
        case .pause: return context.answer(pause(target, request))
        case .teardown: return context.answer(tearDown(target, request))
        case .getParameter, .setParameter:
            return context.answer(.toParameter(request, session: sessions.named(by: request)?.identifier))
        case .announce, .record, .redirect: return context.answer(methodNotAllowed())
        default: return context.answer(RTSPResponse(.notImplemented))
        }
    }

    /// Interleaved channels of the sessions here.
    package var channels: Set<UInt8> { sessions.channels() }

    package func received(_ frame: InterleavedFrame) {
        for session in sessions.all where session.take(frame) { return }
    }

    package func connectionWillClose() {
        for session in sessions.all { session.serverStops() }
    }

    package func connectionClosed() {
        isClosed = true
        for session in sessions.all { session.connectionClosed() }
    }

    // MARK: What concerns every request

    private func options() -> RTSPResponse {
        var response = RTSPResponse(.ok)
        response.headers.add("Public", RTSPMethod.list(methods))
        // Another relay that asks here says from now on who it is.
        response.headers.add(via: RelayChain.direct.through(directory.relay))
        return response
    }

    private func methodNotAllowed() -> RTSPResponse {
        var response = RTSPResponse(.methodNotAllowed)
        response.headers.add("Allow", RTSPMethod.list(methods))
        return response
    }

    // MARK: Sessions

    /// From here on the session is the viewer's.
    func add(_ session: PlaySession) {
        sessions[session.identifier] = session
        context.control.sessionBegan()
        let identifier = session.identifier
        session.onEnd = { [weak self] reason in self?.remove(identifier, reason) }
    }

    private func remove(_ identifier: SessionIdentifier, _ reason: ViewerEnd) {
        sessions[identifier] = nil
        context.control.sessionEnded()
        // A player notices the end of its connection at once; of a goodbye, many take no notice at all.
        if reason == .streamEnded, sessions.count == 0 { context.control.close() }
    }
}
