import Logging
import NIOCore
import RTSP
import RTSPTransport
import Reflector

/// What became of one push.
package struct PushOutcome: Sendable {
    /// Why it ended.
    package var error: PushError
    /// For how long packets flowed; `nil` if none ever did.
    package var livedFor: TimeAmount?
}

/// One push of one stream to one server: connects, announces, and sends until it ends.
///
/// One-shot; redirections are followed within it, each on a connection of its own.
package struct PushRelay: Sendable {
    /// Redirections followed before the server is given up.
    private static let mostRedirections = 3

    let stream: Stream
    /// What is announced; a stream that has other tracks by then ends the push.
    let snapshot: StreamSnapshot
    let target: RTSPPushTarget
    let limiter: ConnectLimiter
    let monitor: PushMonitor
    let logger: Logger

    /// Returns when the server or the stream is gone, or the task is cancelled: then the session has been torn down.
    package func run() async -> PushOutcome {
        guard var url = RTSPURL(target.url) else { return PushOutcome(error: .unusableURL) }
        if let username = target.username {
            url.credentials = Credentials(username: username, password: target.password?.reveal() ?? "")
        }
        var tls = ClientTLS(trust: target.trust)
        var redirections = 0
        while true {
            if url.scheme == .rtsps { tls.prepare() }
            let end = await converse(at: url, tls)
            guard !Task.isCancelled else { return PushOutcome(error: .cancelled, livedFor: end.livedFor) }
            switch end.error {
            case .connection(.redirected(let target)):
                redirections += 1
                guard redirections <= Self.mostRedirections else {
                    return PushOutcome(error: .tooManyRedirections, livedFor: end.livedFor)
                }
                logger.info("redirected", metadata: ["host": "\(target.host)"])
                url = target
            case .connection(.insecure(.broken)) where tls.mayHideName(from: url):
                logger.info("trying TLS without the server's name", metadata: ["reason": "\(end.error)"])
                tls.tellsName = false
            default:
                return PushOutcome(error: end.error, livedFor: end.livedFor)
            }
        }
    }

    private func converse(at url: RTSPURL, _ tls: ClientTLS) async -> PushSession.End {
        let request = PushSession.Request(
            url: url,
            tls: tls,
            // Beside TLS datagrams would go for all to read.
            transport: target.transport == .udp && url.scheme != .rtsps ? .udp : .tcp,
            timeout: target.timeout
        )
        let homeLoop = stream.homeLoop
        do {
            let session = try await limiter.connecting { () -> NIOLoopBound<PushSession> in
                let (session, connected) = try await homeLoop.submit {
                    let session = PushSession(
                        stream: stream, snapshot: snapshot, request: request, monitor: monitor, logger: logger)
                    return (NIOLoopBound(session, eventLoop: homeLoop), session.start())
                }.get()
                await withTaskCancellationHandler {
                    try? await connected.get()
                } onCancel: {
                    homeLoop.execute { session.value.stop() }
                }
                return session
            }
            return try await withTaskCancellationHandler {
                try await homeLoop.flatSubmit { session.value.ended }.get()
            } onCancel: {
                homeLoop.execute { session.value.stop() }
            }
        } catch {
            return PushSession.End(error: .cancelled, livedFor: nil)
        }
    }
}
